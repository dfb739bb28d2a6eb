// The controls: emotion by name or place, sliders, personas. They keep one set of values, tell the
// server about changes at most ten times a second, and give the same values to a session that is
// built anew.

import { EMOTIONS, face } from "./icons.js";
import { Pad } from "./pad.js";
import { Personas } from "./personas.js";
import { Sliders } from "./sliders.js";
import { controlName, fromCircle, placeOf, toCircle } from "./vocabulary.js";

const SEND_EVERY_MS = 100;

export class Controls {
  /**
   * @param {(patch: object) => void} send called with a `control_update` without its type
   * @param {(persona: object | null) => void} onPersona who it is now
   */
  constructor(root, send, onPersona) {
    this.root = root;
    this.sendPatch = send;
    this.onPersona = onPersona;
    this.touched = { emotion: {}, character: {} };
    this.intensity = undefined; // as the user set it
    this.reported = {};        // the feeling in force where the user has chosen none: persona's or hint's
    this.lent = new Set();     // sliders that "reset" has put where the persona has them
    this.pending = null;
    this.timer = 0;
    this.sentAt = -Infinity;
    this.buildEmotions();
    this.pad = new Pad(root.querySelector("#pad"), root.querySelector("#pad-note"), (place) => this.pickPlace(place));
    this.sliders = new Sliders(root, (group, name, value) => {
      this.lent.delete(name);
      this.change(group, name, value);
      if (name !== "intensity") return;
      this.intensity = value;
      this.showFeeling();
    });
    this.personas = new Personas(root.querySelector("#personas"), (id) => this.pickPersona(id));
    this.resetButton = root.querySelector("#reset");
    this.resetButton.addEventListener("click", () => this.reset());
    this.clearButton = root.querySelector("#emotion-clear");
    this.clearButton.addEventListener("click", () => {
      this.pickEmotion("neutral");
      // The button goes; the focus goes to what it has chosen.
      root.querySelector("input[name=emotion][value=neutral]").focus({ preventScroll: true });
    });
    this.settlePersona();
  }

  // --- emotion ---

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

  /** A feeling by name; on the server, too, it replaces one by place. */
  pickEmotion(label) {
    if (!EMOTIONS.includes(label)) return;
    const { emotion } = this.touched;
    delete emotion.valence;
    delete emotion.arousal;
    emotion.intensity = this.intensity ?? 1;
    this.change("emotion", "label", label);
    this.showFeeling();
  }

  /** A feeling by place. Its strength is its distance from the middle, for those who can only name it. */
  pickPlace([v, a]) {
    const { emotion } = this.touched;
    delete emotion.label;
    emotion.valence = v;
    emotion.intensity = Math.round(Math.min(1, Math.hypot(v, a)) * 1000) / 1000;
    this.change("emotion", "arousal", fromCircle(a));
    this.showFeeling();
  }

  /** Chips, pad and intensity as the feeling is now, whoever chose it. */
  showFeeling() {
    const { label, intensity, valence, arousal } = this.touched.emotion;
    const byPlace = valence !== undefined;
    for (const chip of this.root.querySelectorAll(".chip")) {
      chip.querySelector("input").checked = chip.dataset.emotion === label;
      chip.classList.toggle("now", !label && !byPlace && chip.dataset.emotion === this.reported.label);
    }
    this.clearButton.hidden = !byPlace && (label ?? "neutral") === "neutral";
    const strength = this.sliders.get("intensity");
    if (byPlace) {
      strength.show(intensity);
      this.pad.show([valence, toCircle(arousal)], true);
      strength.block("by the place");
    } else {
      strength.block("");
      const now = intensity ?? this.reported.intensity ?? 1;
      strength.show(now);
      this.pad.show(placeOf(label ?? this.reported.label, now), !!label);
    }
  }

  // --- character ---

  /** The cards; the first is who speaks if nobody was chosen. */
  setPersonas(list) {
    this.personas.set(list);
    this.settlePersona();
  }

  choosePersona(id) {
    this.touched.character.persona_id = id;
    this.personas.choose(id);
    this.settlePersona();
  }

  pickPersona(id) {
    this.personas.choose(id);
    this.change("character", "persona_id", id);
    this.settlePersona();
    // What was put where the last persona had it goes where this one has it.
    for (const name of this.lent) this.change("character", name, this.sliders.get(name).rest);
    this.flush();
  }

  /** Sliders nobody touched, and the feeling, as the current persona has them. */
  settlePersona() {
    const persona = this.personas.current;
    for (const slider of this.sliders.ofCharacter()) {
      const { name, neutral } = slider.spec;
      slider.rest = persona?.character?.[name] ?? neutral;
      if (this.touched.character[name] === undefined || this.lent.has(name)) slider.show(slider.rest);
    }
    this.resetButton.textContent = persona?.character ? "As the persona is" : "Neutral";
    this.reported = persona?.emotion ?? {};
    this.showFeeling();
    this.onPersona(persona);
  }

  /** All sliders of the character back to rest: the persona's own values where they are known. */
  reset() {
    for (const slider of this.sliders.ofCharacter()) {
      const { spec: { name }, rest, value } = slider;
      if (value === rest) continue;
      slider.show(rest);
      this.lent.add(name);
      this.change("character", name, rest);
    }
  }

  /** What is in force by the server's report, where the user has chosen nothing. */
  applied(report) {
    const lines = (name) => report.filter((line) => controlName(line.control) === name && line.outcome !== "ignored");
    // The face shows it most plainly.
    const value = (name, is) => ["avatar", "tts", "llm"]
      .map((stage) => lines(name).find((line) => line.stage === stage)?.value).find(is);
    const label = value("emotion.label", (given) => EMOTIONS.includes(given));
    if (label) this.reported = { label, intensity: value("emotion.intensity", Number.isFinite) };
    for (const slider of this.sliders.ofCharacter()) {
      if (this.touched.character[slider.spec.name] !== undefined) continue;
      const exact = lines(`character.${slider.spec.name}`).find(({ outcome, value: v }) => outcome === "applied" && Number.isFinite(v));
      if (exact) slider.show(exact.value);
    }
    if (!this.pad.held) this.showFeeling();
  }

  // --- to the server ---

  change(group, name, value) {
    this.touched[group][name] = value;
    this.pending ??= {};
    // A feeling travels whole: half of it would be another feeling.
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

  /** The names of the controls that the user set. */
  get asked() {
    return new Set(Object.entries(this.touched).flatMap(([group, values]) => Object.keys(values).map((name) => `${group}.${name}`)));
  }

  /** Everything the user chose, as an update. */
  all() {
    const { emotion, character } = this.touched;
    return {
      ...(Object.keys(emotion).length && { emotion: { ...emotion } }),
      ...(Object.keys(character).length && { character: { ...character } }),
    };
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
