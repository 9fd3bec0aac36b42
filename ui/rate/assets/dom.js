// Elements are made by hand and texts set as text, so that nothing in a response can execute.

// Control characters but newline and tab, and those that override or embed the writing direction:
// they could hide text or turn it around, so they are shown by their number.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

export function visible(text) {
  return text
    .replace(/\r\n?/g, "\n")
    .replace(UNSEEN, (one) => `[U+${one.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}]`);
}

export function filled(sentence, fields) {
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => (name in fields ? fields[name] : whole));
}

// `attributes` are set as such, except `text`; those that are null or false are left out.
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false) continue;
    if (name === "text") made.textContent = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

// A text that somebody else wrote, in a block of its own whose direction follows the text.
export function foreignText(text, attributes = {}) {
  return element("div", { class: "rate-text", dir: "auto", ...attributes, text: visible(text) });
}
