// The personas as cards: one choice of several, so radio buttons; arrow keys choose.

import { element } from "./dom.js";

export class Personas {
  /** @param {(id: string) => void} onChoose the user chose one */
  constructor(root, onChoose) {
    this.root = root;
    this.onChoose = onChoose;
    this.list = [];
    this.chosen = null;
    this.pictures = new Map();
  }

  get current() { return this.list.find(({ id }) => id === this.chosen) ?? null; }

  /** The cards, anew; the choice stays if it still exists, else the first (the server's own) is it. */
  set(personas) {
    this.list = personas;
    if (!this.current) this.chosen = personas[0]?.id ?? null;
    const focused = this.root.contains(document.activeElement);
    this.root.replaceChildren(...personas.map((persona) => this.card(persona)));
    this.mark();
    if (focused) this.root.querySelector("input:checked")?.focus();
  }

  card({ id, name, description, style }) {
    const input = element("input", { type: "radio", name: "persona", value: id });
    input.addEventListener("change", () => this.onChoose(id));
    const title = name || id;
    const picture = element("span", { className: "picture", textContent: initials(title), ariaHidden: "true" });
    picture.style.setProperty("--hue", hue(id));
    const text = element("span", { className: "about" },
      element("strong", { textContent: title }),
      element("span", { className: "line", textContent: description ?? "", title: description ?? "" }));
    // an entry with a mark is an instruction for voices, not a word about the person
    const words = (style ?? []).filter((entry) => !entry.includes("{"));
    if (words.length) text.append(element("span", { className: "words", textContent: words.join(" · ") }));
    const card = element("label", { className: "persona" }, input, picture, text);
    card.dataset.persona = id;
    const still = this.pictures.get(id);
    if (still) frame(picture, still);
    return card;
  }

  /** Marks one as the current, also one that the list does not have (yet). */
  choose(id) {
    this.chosen = id;
    this.mark();
  }

  mark() {
    for (const input of this.root.querySelectorAll("input")) input.checked = input.value === this.chosen;
    const card = this.root.querySelector("label:has(input:checked)");
    // Only the row itself scrolls, not the page.
    if (card) this.root.scrollLeft = card.offsetLeft - (this.root.clientWidth - card.offsetWidth) / 2;
  }

  /** A picture for a card, as a data address. */
  picture(id, source) {
    this.pictures.set(id, source);
    const card = [...this.root.children].find(({ dataset }) => dataset.persona === id);
    if (card) frame(card.querySelector(".picture"), source);
  }
}

function frame(place, source) {
  place.replaceChildren(element("img", { src: source, alt: "", width: 48, height: 48 }));
}

function initials(name) {
  return name.split(/\s+/).slice(0, 2).map((word) => [...word][0]?.toUpperCase() ?? "").join("");
}

/** The same colour for the same id, everywhere. */
function hue(id) {
  let sum = 7;
  for (const letter of id) sum = (sum * 31 + letter.codePointAt(0)) % 360;
  return sum;
}
