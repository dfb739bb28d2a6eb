// The sliders of intensity and character: what they show, and where they rest.

import { element } from "./dom.js";

const percent = (v) => `${Math.round(v * 100)} %`;
const semitones = (v) => `${v > 0 ? "+" : v < 0 ? "−" : ""}${Math.round(Math.abs(v) * 10) / 10} st`;

/** `neutral`: where nothing is changed; `zero`: where the bar starts, if not at the left end. */
const SLIDERS = [
  { group: "emotion", name: "intensity", label: "Intensity", min: 0, max: 1, step: 0.05, neutral: 1, show: percent },
  { group: "character", name: "speech_rate", label: "Speaking rate", min: 0.5, max: 2, step: 0.05, neutral: 1, zero: 1, show: (v) => `${v.toFixed(2)} ×` },
  { group: "character", name: "pitch_shift", label: "Pitch", min: -12, max: 12, step: 0.5, neutral: 0, zero: 0, show: semitones },
  { group: "character", name: "expressivity", label: "Expressivity", min: 0, max: 1, step: 0.05, neutral: 0.5, show: percent },
  { group: "character", name: "motion_gain", label: "Motion", min: 0, max: 2, step: 0.05, neutral: 1, show: percent },
];

export class Sliders {
  /** @param {(group: string, name: string, value: number) => void} onChange the user moved one */
  constructor(root, onChange) {
    this.byName = new Map();
    for (const spec of SLIDERS) {
      const slider = new Slider(spec, (value) => onChange(spec.group, spec.name, value));
      root.querySelector(`#sliders-${spec.group}`).append(slider.field);
      this.byName.set(spec.name, slider);
    }
  }

  get(name) { return this.byName.get(name); }

  ofCharacter() { return [...this.byName.values()].filter(({ spec }) => spec.group === "character"); }
}

class Slider {
  constructor(spec, onChange) {
    this.spec = spec;
    this.rest = spec.neutral;
    const id = `slider-${spec.name}`;
    this.input = element("input", { type: "range", id, min: spec.min, max: spec.max });
    // Any value can be shown (a persona's 1.06); what the user drags goes in steps.
    this.input.step = "any";
    this.output = element("output", { htmlFor: id });
    const caption = element("label", { htmlFor: id, textContent: spec.label });
    this.field = element("div", { className: "slider" }, caption, this.output, this.input);
    this.input.addEventListener("keydown", (event) => this.key(event, onChange));
    this.input.addEventListener("input", () => this.moved(this.value, onChange));
    // Double click: this one back to where it rests.
    this.input.addEventListener("dblclick", () => this.moved(this.rest, onChange, true));
    this.show(spec.neutral);
  }

  get value() { return Number(this.input.value); }

  moved(value, onChange, exact = false) {
    const { step, min } = this.spec;
    const stepped = exact ? value : min + Math.round((value - min) / step) * step;
    this.show(Math.round(stepped * 1000) / 1000);
    onChange(this.value);
  }

  /** Arrows go by the slider's own step; a range of any value would go by a hundredth. */
  key(event, onChange) {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -5, PageUp: 5 }[event.key];
    if (!by || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const { step, min, max } = this.spec;
    this.moved(Math.min(max, Math.max(min, this.value + by * step)), onChange);
  }

  show(value) {
    const { input, output, spec: { min, max, zero, show } } = this;
    input.value = value;
    output.textContent = show(this.value);
    input.setAttribute("aria-valuetext", show(this.value));
    const ends = [zero ?? min, this.value].sort((a, b) => a - b).map((v) => `${((v - min) / (max - min)) * 100}%`);
    input.style.setProperty("--from", ends[0]);
    input.style.setProperty("--to", ends[1]);
  }

  /** Greys it out with a word for why. */
  block(word) {
    this.input.disabled = !!word;
    this.field.classList.toggle("blocked", !!word);
    if (word) this.output.textContent = word;
    else this.show(this.value);
  }
}
