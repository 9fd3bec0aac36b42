// What concerns the page as a whole: its language, its title, its style sheet.

const STYLE_SHEET = new URL("rate.css", import.meta.url).href;
// The button that closes Streamlit's report of a lost connection.
const CLOSE_REPORT = '[data-testid="stDialog"] button[aria-label="Close"]';
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

// Streamlit's report locks the page while the connection is lost, so that nobody could go on writing.
// The item tells of it calmly, and these pages have no other dialog.
function closeReports() {
  const close = () => document.querySelector(CLOSE_REPORT)?.click();
  new MutationObserver(close).observe(document.body, { childList: true, subtree: true });
}

function dress() {
  closeReports();
  return loadStyleSheet();
}

export function dressPage({ language, title }) {
  document.documentElement.lang = language;
  document.title = title;
  dressed ??= dress();
  return dressed;
}

export function scrollToTop(element) {
  element.closest('[data-testid="stMain"]')?.scrollTo(0, 0);
}
