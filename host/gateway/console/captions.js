// Captions: the words of the running turn, each shown when it is heard.
//
// The stream carries text and sound but no word times, so the place in the text is estimated from
// how much of the turn's audio was heard: letters and pauses have a weight, their pace is learnt
// turn by turn, and once the whole audio is known the estimate ends exactly with it.

const PAGE_LETTERS = 110;
const FIRST_PACE = 15.5; // weight per second at normal rate
const LEARN = 0.5;

/** Relative duration of a word with its punctuation, in letters. */
function weigh(word) {
  const letters = [...word].length + 1;
  if (/[.!?…]["'”’)]*$/.test(word)) return letters + 5;
  if (/[,;:–—]["'”’)]*$/.test(word)) return letters + 3;
  return letters;
}

export class Captions {
  /** @param {HTMLElement} element @param {HTMLElement} live the region a screen reader announces */
  constructor(element, live) {
    this.element = element;
    this.live = live;
    this.pace = FIRST_PACE;
    this.clear();
  }

  clear() {
    this.text = "";
    this.words = [];
    this.total = 0;
    this.shown = 0;
    this.page = -1;
    this.announced = 0;
    this.totalUs = 0;
    this.element.replaceChildren();
    this.element.classList.remove("cut");
    this.live.textContent = "";
  }

  /** More text of this turn; an unfinished last word waits for the rest or `finish`. */
  append(text) {
    this.text += text;
    this.layout(/\s$/.test(this.text));
  }

  /** Everything is known: `totalUs` of audio belongs to the whole text. */
  finish(totalUs) {
    this.layout(true);
    this.totalUs = totalUs;
    if (totalUs > 400_000 && this.total > 12) {
      this.pace += LEARN * (this.total / (totalUs / 1e6) - this.pace);
    }
  }

  layout(complete) {
    const words = this.text.match(/\S+/g) ?? [];
    if (!complete) words.pop();
    for (const word of words.slice(this.words.length)) {
      const last = this.words.at(-1);
      const sentenceStart = !last || /[.!?…]["'”’)]*$/.test(last.word);
      let page = last?.page ?? 0, letters = (last?.letters ?? 0) + word.length + 1;
      if (last && (letters > PAGE_LETTERS || (sentenceStart && letters > PAGE_LETTERS * 0.6))) { page++; letters = word.length; }
      this.total += weigh(word);
      this.words.push({ word, page, letters, sentenceStart, end: this.total });
    }
    if (this.page >= 0) this.render(this.page);
  }

  /** Shows what is heard once `spokenUs` of this turn's audio has been played. */
  reveal(spokenUs) {
    if (spokenUs <= 0) return;
    const weight = this.totalUs > 0
      ? (spokenUs / this.totalUs) * this.total
      : (spokenUs / 1e6) * this.pace;
    let count = this.shown;
    // A word appears when it starts.
    while (count < this.words.length && (count === 0 || this.words[count - 1].end <= weight)) count++;
    this.show(count);
  }

  /** Shows everything: a turn without sound, or its end. */
  revealAll() {
    this.layout(true);
    this.show(this.words.length);
  }

  /** Interrupted: only what was heard stays, and the break is visible. */
  cut(heard) {
    this.text = heard;
    this.words = [];
    this.total = 0;
    this.shown = 0;
    this.announced = 0;
    this.page = -1;
    this.element.replaceChildren();
    this.revealAll();
    this.element.classList.add("cut");
  }

  /** Words shown so far, as text. */
  get visible() {
    return this.words.slice(0, this.shown).map(({ word }) => word).join(" ");
  }

  show(count) {
    if (count <= this.shown) return;
    this.shown = count;
    const { page } = this.words[count - 1];
    if (page !== this.page) this.render(page);
    for (const span of this.element.children) {
      if (Number(span.dataset.index) < count) span.classList.add("on");
    }
    this.announce(count);
  }

  render(page) {
    this.page = page;
    const have = this.element.firstChild?.dataset.page === String(page) ? this.element.children.length : 0;
    if (!have) this.element.replaceChildren();
    this.words.forEach(({ word, page: its }, index) => {
      if (its !== page) return;
      if (have && index <= Number(this.element.lastChild.dataset.index)) return;
      const span = document.createElement("span");
      span.textContent = `${word} `;
      span.dataset.index = index;
      span.dataset.page = page;
      this.element.append(span);
    });
  }

  /** Whole sentences, so that a screen reader does not stutter word by word. */
  announce(count) {
    let until = this.announced;
    for (let i = this.announced; i < count; i++) {
      if (/[.!?…]["'”’)]*$/.test(this.words[i].word) || i === this.words.length - 1) until = i + 1;
    }
    if (until === this.announced) return;
    this.live.textContent = this.words.slice(this.announced, until).map(({ word }) => word).join(" ");
    this.announced = until;
  }
}
