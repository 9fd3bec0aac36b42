// The end of a session: what it came to, the code, the way back to the platform.

import { element, filled } from "./dom.js";
import { forgetDrafts } from "./draft.js";

const RETURN_AFTER_S = 8;

export class EndingView {
  constructor(parent, setTriggerValue) {
    this.root = element("div", { class: "rate" });
    this.open = (place) => {
      this.stay();
      setTriggerValue("open", place);
    };
    parent.append(this.root);
    forgetDrafts();
  }

  update(data) {
    this.stay();
    const { texts } = data;
    const heading = element("h1", { tabindex: -1, text: data.heading });
    this.root.replaceChildren(
      heading, element("p", { text: data.explained }),
      data.code ? this.code(data) : "",
      data.return_url ? this.wayBack(data) : "",
      data.can_withdraw ? this.withdrawal(texts) : "",
    );
    heading.focus({ preventScroll: true });
  }

  close() {
    this.stay();
  }

  code({ code, texts }) {
    const button = element("button", { type: "button", class: "rate-button", text: texts.copy });
    const told = element("span", { class: "rate-status", role: "status" });
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(code);
      told.textContent = texts.copied;
    });
    // Without HTTPS there is no clipboard; the code can still be marked and copied by hand.
    const canCopy = navigator.clipboard !== undefined;
    return element("section", { "aria-label": texts.code },
      element("p", { text: texts.code }),
      element("p", { class: "rate-code" }, element("code", { text: code })),
      canCopy ? button : "", canCopy ? told : "");
  }

  wayBack({ return_url, texts }) {
    const link = element("a", {
      class: "rate-submit", href: return_url, rel: "noreferrer", text: texts.return,
    });
    const told = element("p", { class: "rate-hint" });
    const stay = element("button", { type: "button", class: "rate-link", text: texts.stay });
    this.countdown = element("div", {}, told, stay);
    stay.addEventListener("click", () => {
      this.stay();
      link.focus();
    });
    this.countDown(RETURN_AFTER_S, told, texts, return_url);
    return element("section", {}, link, this.countdown);
  }

  countDown(seconds, told, texts, url) {
    told.textContent = filled(texts.returning, { seconds });
    this.timer = setTimeout(() => {
      if (seconds > 1) this.countDown(seconds - 1, told, texts, url);
      else window.location.assign(url);
    }, 1000);
  }

  stay() {
    clearTimeout(this.timer);
    this.countdown?.remove();
  }

  withdrawal(texts) {
    const button = element("button", { type: "button", class: "rate-link", text: texts.withdraw });
    button.addEventListener("click", () => this.open("stop"));
    return element("footer", {}, button);
  }
}
