// The circumplex pad: a feeling as a place, unpleasant to pleasant by calm to aroused.
//
// For eyes and pointers it is one handle on a plane. For keyboards and screen readers the handle is
// two sliders, one for each axis; all four arrow keys work on either, and only one is a tab stop.

import { element } from "./dom.js";
import { PLACES, placeInWords } from "./vocabulary.js";

const STEP = 0.05;
const STRIDE = 0.25;
/** To the left of their place stand the names that would run out of the pad or into a neighbour. */
const LEFTWARDS = new Set(["anger", "disgust", "joy", "tender", "excited"]);
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

const clamp = (value) => Math.min(1, Math.max(-1, value));
const tidy = (value) => Math.round(clamp(value) * 100) / 100;

export class Pad {
  /**
   * @param {HTMLElement} root
   * @param {HTMLElement} note shows the place in words
   * @param {(place: [number, number]) => void} onMove the user moved it
   */
  constructor(root, note, onMove) {
    this.root = root;
    this.note = note;
    this.onMove = onMove;
    this.place = [0, 0];
    this.build();
    this.show([0, 0]);
    root.addEventListener("pointerdown", (event) => this.grab(event));
    root.addEventListener("pointermove", (event) => { if (this.held === event.pointerId) this.drag(event); });
    root.addEventListener("lostpointercapture", () => this.release());
  }

  build() {
    for (const [side, word] of [["west", "unpleasant"], ["east", "pleasant"], ["north", "aroused"], ["south", "calm"]]) {
      this.root.append(element("span", { className: `axis ${side}`, textContent: word, ariaHidden: "true" }));
    }
    this.plot = element("div", { className: "plot" });
    for (const [label, place] of Object.entries(PLACES)) {
      const mark = element("span", { className: LEFTWARDS.has(label) ? "mark left" : "mark", textContent: label, ariaHidden: "true" });
      put(mark, place);
      this.plot.append(mark);
    }
    const axis = (name, tabIndex) => {
      const input = element("input", { type: "range", min: -1, max: 1, step: STEP, tabIndex, ariaLabel: name });
      input.setAttribute("aria-roledescription", "2-D slider");
      input.setAttribute("aria-describedby", "pad-help");
      input.addEventListener("keydown", (event) => this.key(event));
      input.addEventListener("input", () => this.move([Number(this.x.value), Number(this.y.value)]));
      return input;
    };
    this.x = axis("Pleasantness", 0);
    this.y = axis("Energy", -1);
    this.x.id = "pad-valence";
    this.y.id = "pad-arousal";
    this.y.setAttribute("aria-orientation", "vertical");
    this.handle = element("div", { className: "handle" }, this.x, this.y);
    this.plot.append(this.handle);
    this.root.append(this.plot);
  }

  /** Puts the handle where the person is now. `own`: the user put it there. */
  show(place, own = false) {
    this.place = place.map(clamp);
    put(this.handle, this.place);
    this.root.classList.toggle("own", own);
    const words = placeInWords(this.place);
    this.note.textContent = words;
    [this.x.value, this.y.value] = this.place;
    for (const input of [this.x, this.y]) input.setAttribute("aria-valuetext", words);
  }

  grab(event) {
    if (event.button !== 0 || this.held !== undefined) return;
    event.preventDefault();
    this.held = event.pointerId;
    this.root.setPointerCapture(event.pointerId);
    this.root.classList.add("held");
    this.x.focus({ preventScroll: true });
    this.drag(event);
  }

  drag({ clientX, clientY }) {
    const { left, top, width, height } = this.plot.getBoundingClientRect();
    this.move([((clientX - left) / width) * 2 - 1, 1 - ((clientY - top) / height) * 2]);
  }

  release() {
    this.held = undefined;
    this.root.classList.remove("held");
  }

  key(event) {
    const { key, shiftKey, ctrlKey, altKey, metaKey } = event;
    if (ctrlKey || altKey || metaKey) return;
    const [v, a] = this.place;
    const step = shiftKey ? STRIDE : STEP;
    let to = null;
    if (ARROWS[key]) to = [v + ARROWS[key][0] * step, a + ARROWS[key][1] * step];
    else if (key === "PageUp") to = [v, a + STRIDE];
    else if (key === "PageDown") to = [v, a - STRIDE];
    else if (key === "Home") to = [0, 0];
    if (!to) return;
    event.preventDefault();
    this.move(to);
  }

  move(place) {
    const to = place.map(tidy);
    this.show(to, true);
    this.onMove(to);
  }
}

function put(child, [v, a]) {
  child.style.setProperty("--x", `${(v + 1) * 50}%`);
  child.style.setProperty("--y", `${(1 - a) * 50}%`);
}
