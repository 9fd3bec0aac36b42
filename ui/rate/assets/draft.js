// What was chosen and written at an item, so that a reload or a lost page loses nothing of it. It
// lives as long as the tab, and no longer than the item.

const PREFIX = "slam.item.";

// A browser may forbid storage, or have it full; then a draft is only as safe as the page.
function quietly(action) {
  try {
    return action();
  } catch {
    return null;
  }
}

export function readDraft(itemId) {
  return quietly(() => JSON.parse(sessionStorage.getItem(PREFIX + itemId)));
}

export function writeDraft(itemId, draft) {
  quietly(() => sessionStorage.setItem(PREFIX + itemId, JSON.stringify(draft)));
}

// Forgets every item but the one that is shown now, if any.
export function forgetDrafts(itemId = null) {
  quietly(() => {
    for (const key of Object.keys(sessionStorage)) {
      if (key.startsWith(PREFIX) && key !== PREFIX + itemId) sessionStorage.removeItem(key);
    }
  });
}
