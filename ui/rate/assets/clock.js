// How long a person was at an item: the tab visible, the window focused, and some input in the last
// minute. performance.now() does not follow the clock on the wall, so setting that does no harm.

const IDLE_AFTER_MS = 60_000;
const INPUTS = ["pointerdown", "pointermove", "keydown", "wheel", "touchmove"];

export class ItemClock {
  constructor(earlier) {
    this.active = earlier?.active ?? 0;
    this.hidden = earlier?.hidden ?? 0;
    this.blurs = earlier?.blurs ?? 0;
    this.mark = performance.now();
    this.lastInput = this.mark;
    this.isThere = document.visibilityState === "visible" && document.hasFocus();
    this.isHidden = document.visibilityState !== "visible";
    this.stopping = new AbortController();
    this.listen();
  }

  listen() {
    const options = { signal: this.stopping.signal, passive: true, capture: true };
    const look = () => this.look();
    document.addEventListener("visibilitychange", look, options);
    window.addEventListener("focus", look, options);
    window.addEventListener("blur", (event) => {
      // Inside the page the focus may move as it likes.
      if (event.target !== window) return;
      this.blurs += 1;
      this.look();
    }, options);
    for (const name of INPUTS) {
      document.addEventListener(name, () => this.sawInput(), options);
    }
  }

  // Adds what has passed since the last look to where it belongs.
  look() {
    const now = performance.now();
    if (this.isThere) {
      const until = Math.min(now, this.lastInput + IDLE_AFTER_MS);
      this.active += Math.max(0, until - this.mark);
    }
    if (this.isHidden) this.hidden += now - this.mark;
    const isBack = document.visibilityState === "visible" && document.hasFocus();
    if (isBack && !this.isThere) this.lastInput = now;
    this.isThere = isBack;
    this.isHidden = document.visibilityState !== "visible";
    this.mark = now;
  }

  sawInput() {
    this.look();
    this.lastInput = this.mark;
  }

  // Whole milliseconds up to now.
  read() {
    this.look();
    return {
      active: Math.round(this.active),
      hidden: Math.round(this.hidden),
      blurs: this.blurs,
    };
  }

  stop() {
    this.stopping.abort();
  }
}
