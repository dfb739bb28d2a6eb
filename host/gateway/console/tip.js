// The note beside an outcome: shown on hover and focus, kept by a click or a tap, gone by Escape.
// Screen readers have the same text in the button itself.

import { element } from "./dom.js";

const GAP = 6;

export class Tip {
  constructor(box) {
    this.box = box;
    this.owner = null;
    addEventListener("keydown", (event) => { if (event.key === "Escape") this.hide(); });
    // Focus may have scrolled its owner into view: then it goes along.
    addEventListener("scroll", () => {
      if (this.owner && document.activeElement === this.owner) this.show(this.owner);
      else this.hide();
    }, { capture: true, passive: true });
    addEventListener("resize", () => this.hide());
    // A tap anywhere else.
    addEventListener("pointerdown", ({ target }) => { if (!this.owner?.contains(target)) this.hide(); });
  }

  /** `lines` are asked for when it is shown; empty ones are left out. */
  attach(owner, lines) {
    owner.tipLines = lines;
    if (owner === this.owner) this.show(owner);
    if (owner.hasTip) return;
    owner.hasTip = true;
    owner.addEventListener("pointerenter", ({ pointerType }) => { if (pointerType === "mouse") this.show(owner); });
    owner.addEventListener("pointerleave", ({ pointerType }) => {
      if (pointerType === "mouse" && document.activeElement !== owner) this.hide();
    });
    owner.addEventListener("focus", () => this.show(owner));
    owner.addEventListener("blur", () => { if (this.owner === owner) this.hide(); });
    owner.addEventListener("click", () => this.show(owner));
  }

  show(owner) {
    this.owner = owner;
    const [title, ...rest] = owner.tipLines();
    this.box.replaceChildren(element("strong", { textContent: title }),
      ...rest.filter(Boolean).map((textContent) => element("span", { textContent })));
    this.box.hidden = false;
    const at = owner.getBoundingClientRect(), own = this.box.getBoundingClientRect();
    const left = Math.min(Math.max(8, at.left + at.width / 2 - own.width / 2), innerWidth - own.width - 8);
    const below = at.bottom + GAP + own.height <= innerHeight - 8;
    this.box.style.setProperty("--left", `${left}px`);
    this.box.style.setProperty("--top", `${below ? at.bottom + GAP : at.top - GAP - own.height}px`);
  }

  hide() {
    this.owner = null;
    this.box.hidden = true;
  }
}
