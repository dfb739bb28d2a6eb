// Measures lip sync from outside: when was a white flash drawn, when was the beep heard?
// Only with ?clapper=1, against a stream that carries both at the same media time.

/** White: every channel above this (bright skin is not white). */
const WHITE = 0.85 * 255;
const PAIR_WITHIN_MS = 450;

export class Clapper {
  constructor() {
    this.flashes = [];
    this.beeps = [];
    this.offsets = []; // ms, flash minus beep
    this.white = false;
    this.pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  }

  /** A frame was drawn at `wall`. */
  frame({ image, width, height }, wall) {
    this.pixel.drawImage(image, width >> 1, height >> 1, 1, 1, 0, 0, 1, 1);
    const [r, g, b] = this.pixel.getImageData(0, 0, 1, 1).data;
    const white = Math.min(r, g, b) > WHITE;
    if (white && !this.white) { this.flashes.push(wall); this.pair(); }
    this.white = white;
  }

  /** The beep that is (or will be) heard at `wall`. */
  beep(wall) {
    this.beeps.push(wall);
    this.pair();
  }

  pair() {
    while (this.flashes.length && this.beeps.length) {
      const [flash] = this.flashes, [beep] = this.beeps;
      if (Math.abs(flash - beep) <= PAIR_WITHIN_MS) {
        this.offsets.push(flash - beep);
        this.flashes.shift();
        this.beeps.shift();
      } else if (flash < beep) this.flashes.shift();
      else this.beeps.shift();
    }
  }
}
