// One item: the task, one response or two, the questions, and how an answer gets away.

import { ItemClock } from "./clock.js";
import { element, filled, foreignText } from "./dom.js";
import { forgetDrafts, readDraft, writeDraft } from "./draft.js";
import { groupsOf, keysHint } from "./groups.js";
import { scrollToTop } from "./page.js";
import { Sending } from "./sending.js";

const MOST_COMMENT = 5000;
const LONG_TASK = 400;
const LONG_TASK_LINES = 12;

export class ItemView {
  constructor(parent, setTriggerValue) {
    this.root = element("div", { class: "rate", tabindex: -1 });
    this.root.addEventListener("keydown", (event) => this.onKey(event));
    this.open = (place) => {
      this.keepDraft();
      setTriggerValue("open", place);
    };
    this.sending = new Sending(
      (answer) => setTriggerValue("answer", answer),
      () => this.tell(this.data.texts.kept_here),
    );
    this.leaving = () => this.keepDraft();
    window.addEventListener("pagehide", this.leaving);
    parent.append(this.root);
  }

  update(data) {
    const isNew = data.item_id !== this.data?.item_id;
    this.data = data;
    if (isNew) this.show();
    if (data.problem && data.problem.nonce === this.nonce) this.refuse(data.problem.text);
  }

  close() {
    this.keepDraft();
    this.sending.end();
    this.clock?.stop();
    window.removeEventListener("pagehide", this.leaving);
  }

  show() {
    const { data } = this;
    this.sending.end();
    this.clock?.stop();
    forgetDrafts(data.item_id);
    const draft = readDraft(data.item_id);
    this.clock = new ItemClock(draft?.clock);
    this.groups = groupsOf(data);
    this.root.replaceChildren(
      this.header(), this.feedback(), this.task(), this.responses(), this.form(), this.footer(),
    );
    this.restore(draft);
    scrollToTop(this.root);
    this.heading.focus({ preventScroll: true });
    if (draft?.is_sent) this.submit();
  }

  header() {
    const { number, total, minutes_left, texts } = this.data;
    const progress = filled(texts.progress, { number, total });
    this.heading = element("h1", { tabindex: -1, text: progress });
    const left = filled(texts.minutes_left, { minutes: minutes_left });
    const bar = element("progress", { max: total, value: number - 1, "aria-label": progress });
    return element("header", {},
      element("div", { class: "rate-progress" }, this.heading, element("span", { text: left })), bar);
  }

  feedback() {
    const { feedback, texts } = this.data;
    return feedback === null ? "" : element("section", { class: "rate-feedback" },
      element("h2", { text: texts.feedback }), foreignText(feedback));
  }

  task() {
    const { task, texts } = this.data;
    const isLong = task.length > LONG_TASK || task.split("\n").length > LONG_TASK_LINES;
    // A long task would push the response off a phone's screen; it scrolls in its box, which the
    // keyboard then has to reach.
    const attributes = isLong
      ? { class: "rate-text rate-box rate-long", tabindex: 0, role: "region", "aria-label": texts.task }
      : { class: "rate-text rate-box" };
    return element("section", {}, element("h2", { text: texts.task }), foreignText(task, attributes));
  }

  responses() {
    const { responses, texts } = this.data;
    const names = responses.length === 1
      ? [texts.response] : [texts.response_a, texts.response_b];
    const sections = responses.map((response, index) => element("section", {},
      element("h2", { text: names[index] }),
      foreignText(response, { class: "rate-text rate-box" })));
    return element("div", { class: responses.length > 1 ? "rate-sides" : "rate-side" }, ...sections);
  }

  form() {
    const { rubric, texts } = this.data;
    this.cannotJudge = element("input", { type: "checkbox" });
    const cannot = element("label", { class: "rate-cannot" },
      this.cannotJudge, element("span", { text: texts.cannot_judge }));
    this.comment = element("textarea", { rows: 2, maxlength: MOST_COMMENT, dir: "auto" });
    const isRequired = rubric.reason === "required";
    const comment = element("label", { class: "rate-comment" },
      element("span", { text: isRequired ? texts.comment_required : texts.comment_optional }),
      this.comment);
    this.problem = element("p", { class: "rate-problem", role: "alert", tabindex: -1 });
    this.button = element("button", { type: "submit", class: "rate-submit", text: texts.submit });
    this.status = element("p", { class: "rate-status", role: "status" });
    const keys = keysHint(this.data);
    const made = element("form", { novalidate: true, autocomplete: "off" },
      ...this.groups.map((group) => group.root),
      rubric.allows_cannot_judge ? cannot : null,
      rubric.reason === "none" ? null : comment,
      this.problem, this.button, this.status,
      keys && element("p", { class: "rate-hint rate-keys", text: keys }));
    made.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    made.addEventListener("change", (event) => this.onChange(event));
    made.addEventListener("input", () => this.keepDraft());
    return made;
  }

  footer() {
    const { texts } = this.data;
    const link = (place) => {
      const made = element("button", { type: "button", class: "rate-link", text: texts[place] });
      made.addEventListener("click", () => this.open(place));
      return made;
    };
    return element("footer", {}, link("instructions"), link("stop"));
  }

  // "I cannot judge" and a choice exclude each other; the later one stands.
  onChange(event) {
    if (event.target === this.cannotJudge && this.cannotJudge.checked) {
      for (const group of this.groups) group.clear();
    } else if (this.groups.some((group) => group.holds(event.target))) {
      this.cannotJudge.checked = false;
    }
    this.keepDraft();
  }

  // Keys count only while the focus is inside the item, and never where text is written.
  onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const { target, key } = event;
    if (target.matches("textarea, input[type=number]")) return;
    if (key === "Enter" && !target.matches("button")) {
      event.preventDefault();
      this.submit();
      return;
    }
    const group = this.groups.find((one) => one.holds(target))
      ?? this.groups.find((one) => one.value === null) ?? this.groups.at(-1);
    if (group.press(key)) event.preventDefault();
  }

  submit() {
    if (this.sending.isUnderWay) return;
    this.problem.textContent = "";
    this.nonce = crypto.randomUUID?.() ?? String(performance.now());
    const { active, hidden, blurs } = this.clock.read();
    this.sending.begin({
      item_id: this.data.item_id,
      nonce: this.nonce,
      values: this.cannotJudge.checked ? {} : this.values(),
      cannot_judge: this.cannotJudge.checked,
      comment: this.comment.value,
      active_ms: active,
      hidden_ms: hidden,
      blur_count: blurs,
    });
    this.keepDraft();
    this.button.setAttribute("aria-disabled", "true");
    this.button.textContent = this.data.texts.saving;
    this.tell("");
  }

  refuse(text) {
    this.sending.end();
    this.keepDraft();
    this.button.removeAttribute("aria-disabled");
    this.button.textContent = this.data.texts.submit;
    this.tell("");
    this.problem.textContent = text;
    this.problem.focus();
  }

  tell(text) {
    this.status.textContent = text;
  }

  values() {
    const given = this.groups.filter((group) => group.value !== null);
    return Object.fromEntries(given.map((group) => [group.key, group.value]));
  }

  keepDraft() {
    if (!this.data) return;
    writeDraft(this.data.item_id, {
      values: this.values(),
      cannot_judge: this.cannotJudge.checked,
      comment: this.comment.value,
      clock: this.clock.read(),
      is_sent: this.sending.isUnderWay,
    });
  }

  restore(draft) {
    if (!draft) return;
    for (const group of this.groups) {
      if (group.key in draft.values) group.restore(draft.values[group.key]);
    }
    this.cannotJudge.checked = draft.cannot_judge;
    this.comment.value = draft.comment;
  }
}
