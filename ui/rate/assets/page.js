// What concerns the page as a whole: its language, its title, its style sheet.

const STYLE_SHEET = new URL("rate.css", import.meta.url).href;
let dressed = null;

function loadStyleSheet() {
  return new Promise((resolve) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = STYLE_SHEET;
    // Without it the page is plain, but can be used.
    link.addEventListener("load", resolve);
    link.addEventListener("error", resolve);
    document.head.append(link);
  });
}

export function dressPage({ language, title }) {
  document.documentElement.lang = language;
  document.title = title;
  dressed ??= loadStyleSheet();
  return dressed;
}

export function scrollToTop(element) {
  element.closest('[data-testid="stMain"]')?.scrollTo(0, 0);
}
