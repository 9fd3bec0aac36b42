// An answer is sent until the page shows what came of it. Streamlit drops what is sent while it is
// not connected and reconnects by itself; sending an answer twice does no harm, since the first one
// counts.

const FIRST_WAIT_MS = 4_000;
const LONGEST_WAIT_MS = 8_000;

export class Sending {
  constructor(send, onSlow) {
    this.send = send;
    this.onSlow = onSlow;
    this.timer = null;
    this.answer = null;
    this.onLine = () => this.repeat();
  }

  get isUnderWay() {
    return this.answer !== null;
  }

  begin(answer) {
    this.answer = answer;
    this.wait = FIRST_WAIT_MS;
    window.addEventListener("online", this.onLine);
    this.send(answer);
    this.schedule();
  }

  schedule() {
    this.timer = setTimeout(() => this.repeat(), this.wait);
    this.wait = Math.min(LONGEST_WAIT_MS, this.wait * 1.5);
  }

  repeat() {
    clearTimeout(this.timer);
    this.onSlow();
    this.send(this.answer);
    this.schedule();
  }

  end() {
    clearTimeout(this.timer);
    window.removeEventListener("online", this.onLine);
    this.answer = null;
  }
}
