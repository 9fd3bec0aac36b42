// What is chosen at an item: one group for each criterion, in which nothing is chosen at first.
// Native radio buttons bring the arrow keys and what screen readers say.

import { element, filled, foreignText } from "./dom.js";

const MOST_POINTS = 11;
// All points stand in one row at 360 pixels; that many digits fit there at 16 pixels a letter.
const MOST_DIGITS = 24;
const TWO_DIGITS_WITHIN_MS = 800;
const PAIR_KEYS = {
  a: "first", 1: "first", b: "second", 2: "second", "=": "tie", 0: "both_bad",
};

let groupsMade = 0;

function scaleValues({ minimum, maximum }) {
  return Array.from({ length: maximum - minimum + 1 }, (_, index) => minimum + index);
}

export function fitsOneRow({ minimum, maximum }) {
  const points = maximum - minimum + 1;
  const widest = Math.max(String(minimum).length, String(maximum).length);
  return points <= MOST_POINTS && points * widest <= MOST_DIGITS;
}

function radio(name, value, attributes, ...label) {
  const input = element("input", { type: "radio", name, value, ...attributes });
  return element("label", { class: "rate-choice" }, input, element("span", {}, ...label));
}

class RadioGroup {
  constructor(criterion, row, kind) {
    this.key = criterion.key;
    const id = `rate-group-${(groupsMade += 1)}`;
    this.name = id;
    this.row = element("div", {
      class: `rate-row rate-row-${kind}`, role: "radiogroup", "aria-labelledby": id,
    });
    this.row.append(...row(id));
    const question = foreignText(criterion.question, { id, class: "rate-text rate-question" });
    this.root = element("div", { class: "rate-group" }, question, this.row);
  }

  get inputs() {
    return [...this.row.querySelectorAll("input")];
  }

  get value() {
    const chosen = this.inputs.find((input) => input.checked);
    return chosen ? this.read(chosen.value) : null;
  }

  choose(value) {
    const input = this.inputs.find((one) => one.value === String(value));
    if (!input) return false;
    input.checked = true;
    input.focus();
    input.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  }

  restore(value) {
    for (const input of this.inputs) input.checked = input.value === String(value);
  }

  clear() {
    for (const input of this.inputs) input.checked = false;
  }

  holds(target) {
    return this.root.contains(target);
  }
}

class ScoreGroup extends RadioGroup {
  constructor(criterion, scale, texts) {
    const { minimum, maximum } = scale;
    super(criterion, (name) => scaleValues(scale).map((value) => radio(
      name, value,
      { "aria-label": filled(texts.score_label, { value, minimum, maximum }) },
      String(value),
    )), "scale");
    const end = (value, label) => foreignText(label ? `${value} ${label}` : "");
    this.root.append(element("div", { class: "rate-ends" },
      end(minimum, scale.minimum_label), end(maximum, scale.maximum_label)));
    this.lastKey = { digit: "", at: -Infinity };
  }

  read(text) {
    return Number(text);
  }

  // A digit chooses; two in quick succession are one number, where the scale has it.
  press(key) {
    if (!/^\d$/.test(key)) return false;
    const now = performance.now();
    const isSecond = now - this.lastKey.at < TWO_DIGITS_WITHIN_MS;
    const both = isSecond ? this.lastKey.digit + key : "";
    this.lastKey = { digit: key, at: now };
    return (both !== "" && this.choose(both)) || this.choose(key);
  }
}

class PairGroup extends RadioGroup {
  constructor(criterion, rubric, texts) {
    const values = ["first", "second"];
    if (rubric.allows_tie) values.push("tie");
    if (rubric.allows_both_bad) values.push("both_bad");
    super(criterion, (name) => values.map((value) => radio(name, value, {}, texts[value])), "pair");
  }

  read(text) {
    return text;
  }

  press(key) {
    const value = PAIR_KEYS[key.toLowerCase()];
    return value !== undefined && this.choose(value);
  }
}

// A scale with too many points for a row: a number, without one to begin with.
class NumberGroup {
  constructor(criterion, { minimum, maximum, minimum_label, maximum_label }, texts) {
    this.key = criterion.key;
    const id = `rate-group-${(groupsMade += 1)}`;
    const hint = `${id}-hint`;
    this.input = element("input", {
      type: "number", min: minimum, max: maximum, step: 1, inputmode: minimum < 0 ? null : "numeric",
      autocomplete: "off", "aria-labelledby": id, "aria-describedby": hint,
    });
    const range = filled(texts.number_label, { minimum, maximum });
    const ends = [[minimum, minimum_label], [maximum, maximum_label]]
      .filter(([, label]) => label)
      .map(([value, label]) => foreignText(`${value} ${label}`));
    this.root = element("div", { class: "rate-group" },
      foreignText(criterion.question, { id, class: "rate-text rate-question" }),
      this.input,
      element("div", { class: "rate-hint", id: hint }, element("div", { text: range }), ...ends));
  }

  get value() {
    return this.input.value === "" ? null : this.input.valueAsNumber;
  }

  restore(value) {
    this.input.value = value;
  }

  clear() {
    this.input.value = "";
  }

  holds(target) {
    return this.root.contains(target);
  }

  press() {
    return false;
  }
}

export function groupsOf(data) {
  const { texts, rubric } = data;
  return rubric.criteria.map((criterion) => {
    if (data.protocol === "pair") return new PairGroup(criterion, rubric, texts);
    if (fitsOneRow(rubric.scale)) return new ScoreGroup(criterion, rubric.scale, texts);
    return new NumberGroup(criterion, rubric.scale, texts);
  });
}

// What the keyboard can do here, in sentences; nothing where numbers are typed.
export function keysHint({ protocol, rubric, texts }) {
  if (protocol === "pair") {
    const keys = [texts.keys_pair];
    if (rubric.allows_tie) keys.push(texts.keys_tie);
    if (rubric.allows_both_bad) keys.push(texts.keys_both_bad);
    return keys.join(" ");
  }
  if (!fitsOneRow(rubric.scale)) return null;
  return rubric.scale.maximum > 9 ? texts.keys_score_ten : texts.keys_score;
}
