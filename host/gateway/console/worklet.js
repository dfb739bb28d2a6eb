// The sound card's side of the player. Holds the PCM that has arrived, placed on the media
// timeline, and plays silence where there is none. Its position is the master clock of the page.
//
// Positions are counted in samples of the media timeline: microseconds * rate / 1e6.

/** A chunk that starts this close to the end of the one before it continues it (rounding of pts). */
const JOIN_SECONDS = 0.005;
/** After an underrun or a late first chunk playing resumes this much later, to ride out jitter. */
const REBUFFER_SECONDS = 0.04;
/** How many quanta of 128 samples between two reports. */
const REPORT_EVERY = 4;
/** Clapper detection: a beep starts above, and may start again after this long below the floor. */
const BEEP_LEVEL = 0.3;
const BEEP_FLOOR = 0.02;
const BEEP_QUIET_SECONDS = 0.1;

class Player extends AudioWorkletProcessor {
  constructor(options) {
    super();
    this.clapper = options.processorOptions?.clapper === true;
    this.segments = [];
    this.anchor = 0;
    this.position = null; // media sample the next output sample stands for; null: not anchored
    this.tail = undefined; // where the last chunk ended, to join the next one without a click
    this.fading = false;
    this.played = 0;
    this.rebases = 0;
    this.quanta = 0;
    this.squares = 0;
    this.counted = 0;
    this.soundAt = -1;
    this.beeping = false;
    this.quiet = 0;
    this.port.onmessage = ({ data }) => this.receive(data);
  }

  receive(message) {
    switch (message.type) {
      case "anchor":
        // "Media time `media` is due at context time `context`." Reports name the anchor they count
        // from: one on its way while the next was set would put the page's clock back.
        this.anchor = message.id;
        this.position = Math.round((message.media / 1e6 + (currentTime - message.context)) * sampleRate);
        break;
      case "pcm":
        this.enqueue(message.pts, message.samples);
        break;
      case "flush":
        this.fading = this.segments.length > 0;
        this.tail = undefined;
        break;
    }
  }

  enqueue(pts, samples) {
    if (this.fading) { this.segments.length = 0; this.fading = false; }
    let start = Math.round(pts * sampleRate / 1e6);
    const last = this.segments.at(-1);
    if (last) {
      const end = last.start + last.samples.length;
      if (start < end || start - end < JOIN_SECONDS * sampleRate) start = end;
    } else if (this.tail !== undefined && Math.abs(start - this.tail) < JOIN_SECONDS * sampleRate) {
      start = this.tail;
    }
    this.tail = start + samples.length;
    if (this.position === null) return;
    if (!last && start < this.position) {
      // Late: nothing is skipped, the clock steps back and the picture waits with it.
      this.position = start - Math.round(REBUFFER_SECONDS * sampleRate);
      this.rebases++;
    }
    this.segments.push({ start, samples });
  }

  process(_inputs, outputs) {
    const out = outputs[0][0];
    if (this.position === null || !out) return true;
    const from = this.position, to = from + out.length;
    while (this.segments.length && this.segments[0].start < to) {
      const { start, samples } = this.segments[0];
      const end = start + samples.length;
      if (end > from) {
        const first = Math.max(start, from), until = Math.min(end, to);
        out.set(samples.subarray(first - start, until - start), first - from);
        this.played += until - first;
      }
      if (end > to) break;
      this.segments.shift();
    }
    if (this.fading) {
      for (let i = 0; i < out.length; i++) out[i] *= 1 - i / out.length;
      this.segments.length = 0;
      this.fading = false;
    }
    this.measure(out, from);
    this.position = to;
    if (++this.quanta % REPORT_EVERY === 0) this.report(from);
    return true;
  }

  measure(out, from) {
    for (let i = 0; i < out.length; i++) {
      const level = Math.abs(out[i]);
      if (level === 0) { this.quiet++; continue; }
      this.squares += level * level;
      this.soundAt = currentTime + i / sampleRate;
      if (!this.clapper) continue;
      if (level > BEEP_LEVEL && !this.beeping) {
        this.beeping = true;
        this.port.postMessage({ type: "beep", time: this.soundAt, media: (from + i) * 1e6 / sampleRate });
      }
      this.quiet = level < BEEP_FLOOR ? this.quiet + 1 : 0;
    }
    if (this.quiet > BEEP_QUIET_SECONDS * sampleRate) this.beeping = false;
    this.counted += out.length;
  }

  report(from) {
    let queued = 0;
    for (const segment of this.segments) queued += segment.samples.length;
    this.port.postMessage({
      type: "position",
      anchor: this.anchor,
      time: currentTime,
      media: from * 1e6 / sampleRate,
      queued: queued / sampleRate,
      played: this.played,
      rms: Math.sqrt(this.squares / Math.max(1, this.counted)),
      soundAt: this.soundAt,
      rebases: this.rebases,
    });
    this.squares = 0;
    this.counted = 0;
  }
}

registerProcessor("tth-player", Player);
