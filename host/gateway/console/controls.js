// The controls: emotion chips, sliders, persona. They keep one set of values, tell the server about
// changes at most ten times a second, and give the same values to a session that is built anew.

import { EMOTIONS, face } from "./icons.js";

const SEND_EVERY_MS = 100;

const percent = (v) => `${Math.round(v * 100)} %`;
const SLIDERS = [
  { group: "emotion", name: "intensity", label: "Intensity", min: 0, max: 1, step: 0.05, initial: 1, show: percent },
  { group: "character", name: "speech_rate", label: "Speech rate", min: 0.5, max: 2, step: 0.05, initial: 1, zero: 1, show: (v) => `${v.toFixed(2)} ×` },
  { group: "character", name: "pitch_shift", label: "Pitch", min: -12, max: 12, step: 0.5, initial: 0, zero: 0, show: (v) => `${v > 0 ? "+" : v < 0 ? "−" : ""}${Math.abs(v)} st` },
  { group: "character", name: "expressivity", label: "Expressivity", min: 0, max: 1, step: 0.05, initial: 0.5, show: percent },
  { group: "character", name: "motion_gain", label: "Motion", min: 0, max: 2, step: 0.05, initial: 1, show: percent },
];

export class Controls {
  /** @param {(patch: object) => void} send called with a `control_update` without its type */
  constructor(root, send) {
    this.root = root;
    this.sendPatch = send;
    this.touched = { emotion: {}, character: {} };
    this.pending = null;
    this.timer = 0;
    this.sentAt = -Infinity;
    this.sliders = new Map();
    this.buildEmotions();
    for (const slider of SLIDERS) this.buildSlider(slider);
    this.persona = root.querySelector("#persona");
    this.setPersonas([{ id: "default", name: "Default" }]);
    this.persona.addEventListener("change", () => this.change("character", "persona_id", this.persona.value));
    root.querySelector("#reset").addEventListener("click", () => this.reset());
    this.clearButton = root.querySelector("#emotion-clear");
    this.clearButton.addEventListener("click", () => this.pickEmotion("neutral"));
  }

  buildEmotions() {
    const box = this.root.querySelector("#emotions");
    for (const label of EMOTIONS) {
      const chip = document.createElement("label");
      chip.className = "chip";
      chip.dataset.emotion = label;
      const input = document.createElement("input");
      input.type = "radio";
      input.name = "emotion";
      input.value = label;
      input.addEventListener("change", () => this.pickEmotion(label));
      const text = document.createElement("span");
      text.textContent = label;
      chip.append(input, face(label), text);
      box.append(chip);
    }
  }

  buildSlider(slider) {
    const { group, name, label, min, max, step, initial } = slider;
    const field = document.createElement("div");
    field.className = "slider";
    const id = `slider-${name}`;
    const caption = document.createElement("label");
    caption.htmlFor = id;
    caption.textContent = label;
    const output = document.createElement("output");
    output.htmlFor = id;
    const input = document.createElement("input");
    Object.assign(input, { type: "range", id, min, max, step, value: initial });
    const show = () => {
      const value = Number(input.value);
      output.textContent = slider.show(value);
      input.setAttribute("aria-valuetext", slider.show(value));
      const ends = [slider.zero ?? min, value].sort((a, b) => a - b).map((v) => `${((v - min) / (max - min)) * 100}%`);
      input.style.setProperty("--from", ends[0]);
      input.style.setProperty("--to", ends[1]);
    };
    input.addEventListener("input", () => { show(); this.change(group, name, Number(input.value)); });
    // Double click: this one back to its default.
    input.addEventListener("dblclick", () => { input.value = initial; show(); this.change(group, name, initial); });
    show();
    field.append(caption, output, input);
    this.root.querySelector(`#sliders-${group}`).append(field);
    this.sliders.set(name, { ...slider, input, showValue: show });
  }

  /** The select's entries; keeps the choice if it still exists. */
  setPersonas(personas) {
    const chosen = this.persona.value;
    this.persona.replaceChildren(...personas.map(({ id, name }) => new Option(name || id, id)));
    if (personas.some(({ id }) => id === chosen)) this.persona.value = chosen;
  }

  choosePersona(id) {
    if (![...this.persona.options].some((option) => option.value === id)) this.persona.add(new Option(id, id));
    this.persona.value = id;
    this.touched.character.persona_id = id;
  }

  pickEmotion(label) {
    if (!EMOTIONS.includes(label)) return;
    this.root.querySelector(`input[name=emotion][value=${label}]`).checked = true;
    this.clearButton.hidden = label === "neutral";
    // The face's slider belongs to the label: both travel together.
    this.touched.emotion.intensity = Number(this.sliders.get("intensity").input.value);
    this.change("emotion", "label", label);
  }

  change(group, name, value) {
    this.touched[group][name] = value;
    this.pending ??= {};
    this.pending[group] = group === "emotion" ? { ...this.touched.emotion } : { ...this.pending[group], [name]: value };
    if (this.timer) return;
    const wait = Math.max(0, this.sentAt + SEND_EVERY_MS - performance.now());
    this.timer = setTimeout(() => this.flush(), wait);
  }

  flush() {
    clearTimeout(this.timer);
    this.timer = 0;
    const patch = this.pending;
    if (!patch) return;
    this.pending = null;
    this.sentAt = performance.now();
    this.sendPatch(patch);
  }

  reset() {
    for (const { group, name, initial, input, showValue } of this.sliders.values()) {
      if (Number(input.value) === initial) continue;
      input.value = initial;
      showValue();
      this.change(group, name, initial);
    }
  }

  /** Everything the user chose, for `POST /v1/sessions`. */
  forSession() {
    const { persona_id, ...character } = this.touched.character;
    return {
      persona_id: persona_id ?? undefined,
      emotion: Object.keys(this.touched.emotion).length ? { ...this.touched.emotion } : undefined,
      character: Object.keys(character).length ? character : undefined,
    };
  }
}
