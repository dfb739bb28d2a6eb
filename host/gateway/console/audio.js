// Sound: decodes PCM, hands it to the worklet on the media timeline, and knows what is heard now.

/** A sample stays "recent" this long after the queue ran dry; the clock then follows frames again. */
const ACTIVE_TAIL_US = 150_000;

export class AudioOut {
  /**
   * @param {import("./clock.js").MediaClock} clock
   * @param {{clapper: boolean, onBeep?: (wall: number, media: number) => void, onLock?: (locked: boolean) => void}} options
   */
  constructor(clock, options) {
    this.clock = clock;
    this.options = options;
    this.context = null;
    this.node = null;
    this.last = null;      // the worklet's last report
    this.anchors = 0;      // how often the worklet was told where the clock stands
    this.endPts = -1;      // media time at which the audio received so far ends
    this.coveredUntil = -1; // the same, kept when sound is locked: frames up to here come early
    this.spans = [];       // [start, end) media time of the audio of this turn
    this.resampler = null;
    this.opening = null;
  }

  /** Opens the sound card at the session's rate; again only if the rate changes. */
  async open(rate) {
    if (this.node && this.rate === rate) return;
    await this.close();
    this.rate = rate;
    const context = new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
    this.context = context;
    if (!context.audioWorklet) throw new Error("this browser plays it over https only, or on localhost.");
    context.onstatechange = () => this.reportLock();
    await context.audioWorklet.addModule(new URL("./worklet.js", import.meta.url));
    if (this.context !== context) return;
    this.node = new AudioWorkletNode(context, "tth-player", {
      numberOfInputs: 0,
      outputChannelCount: [1],
      processorOptions: { clapper: this.options.clapper },
    });
    this.node.port.onmessage = ({ data }) => this.receive(data);
    this.node.connect(context.destination);
    // Where the browser allows sound without a gesture this starts it; elsewhere it stays pending.
    context.resume().catch(() => {});
    setTimeout(() => this.reportLock(), 250);
  }

  async close() {
    const context = this.context;
    this.context = this.node = this.last = null;
    this.endPts = this.coveredUntil = -1;
    if (context) await context.close().catch(() => {});
  }

  get locked() { return !!this.context && this.context.state !== "running"; }

  reportLock() { this.options.onLock?.(this.locked); }

  /** Call from a user gesture. */
  async unlock() {
    if (!this.context || !this.locked) return;
    await this.context.resume().catch(() => {});
    this.reportLock();
  }

  /** Audio is queued, playing, or ended a moment ago: the sound is master of the clock. */
  get active() {
    const now = this.clock.now();
    return !this.locked && this.endPts >= 0 && now !== null && now < this.endPts + ACTIVE_TAIL_US;
  }

  startTurn() {
    this.spans = [];
  }

  /** One `audio_chunk` event. */
  push({ pts_us: pts, duration_us: duration, codec, sample_rate: rate, channels, data }) {
    if (codec !== "pcm_s16le") throw new Error(`unknown audio codec ${codec}`);
    this.note(pts, pts + duration);
    this.coveredUntil = Math.max(this.coveredUntil, pts + duration);
    if (!this.node || this.locked) return;
    let samples = toFloat(data, channels || 1);
    if (rate !== this.context.sampleRate) samples = this.resample(samples, rate, pts);
    if (!this.active) this.anchor();
    this.endPts = Math.max(this.endPts, pts + duration);
    this.node.port.postMessage({ type: "pcm", pts, samples }, [samples.buffer]);
  }

  /** Silence, now, and forget what was queued. */
  flush() {
    this.node?.port.postMessage({ type: "flush" });
    this.endPts = this.coveredUntil = -1;
    this.resampler = null;
  }

  note(start, end) {
    const last = this.spans.at(-1);
    if (last && start - last[1] < 5000) last[1] = Math.max(last[1], end);
    else this.spans.push([start, end]);
  }

  /** Microseconds of this turn's audio that lie before `media`: silence between clauses not counted. */
  spokenBefore(media) {
    let sum = 0;
    for (const [start, end] of this.spans) sum += Math.max(0, Math.min(end, media) - start);
    return sum;
  }

  /** Tells the worklet where the media clock stands. Only while nothing is audible. */
  anchor() {
    const media = this.clock.now();
    if (media === null || !this.node) return;
    this.node.port.postMessage({ type: "anchor", id: ++this.anchors, media, context: this.heardContextTime() });
  }

  /** Context time of the sample that leaves the speaker at `wall` (ms). */
  heardContextTime(wall = performance.now()) {
    const stamp = this.context.getOutputTimestamp?.();
    if (stamp && stamp.performanceTime > 0) return stamp.contextTime + (wall - stamp.performanceTime) / 1000;
    return this.context.currentTime - (this.context.outputLatency || this.context.baseLatency || 0);
  }

  /** Media time heard now, or null if the worklet has not told yet. */
  heardMedia(wall = performance.now()) {
    if (!this.context || this.last?.anchor !== this.anchors) return null;
    return this.last.media + (this.heardContextTime(wall) - this.last.time) * 1e6;
  }

  receive(message) {
    if (message.type === "beep") {
      const ahead = message.time - this.heardContextTime();
      this.options.onBeep?.(performance.now() + ahead * 1000, message.media);
      return;
    }
    this.last = message;
    if (this.active && message.anchor === this.anchors) {
      const wall = performance.now();
      this.clock.follow(this.heardMedia(wall), wall);
    }
  }

  /** Wall time (ms) at which the last sample that was not zero is heard; -1 if none yet. */
  lastSoundWall() {
    if (!this.last || this.last.soundAt < 0) return -1;
    return performance.now() + (this.last.soundAt - this.heardContextTime()) * 1000;
  }

  /** Linear interpolation, continuous over chunk borders: only for a fallback voice of another rate. */
  resample(input, rate, pts) {
    const ratio = rate / this.context.sampleRate;
    if (!this.resampler || this.resampler.rate !== rate || Math.abs(this.resampler.next - pts) > 5000) {
      this.resampler = { rate, phase: 0, before: input[0] ?? 0 };
    }
    const state = this.resampler;
    const count = Math.max(0, Math.ceil((input.length - state.phase) / ratio));
    const out = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      const x = state.phase + i * ratio, k = Math.floor(x), t = x - k;
      const a = k === 0 ? state.before : input[k - 1];
      out[i] = a + (input[Math.min(k, input.length - 1)] - a) * t;
    }
    state.phase = state.phase + count * ratio - input.length;
    state.before = input.at(-1) ?? state.before;
    state.next = pts + input.length * 1e6 / rate;
    return out;
  }
}

function toFloat(data, channels) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const count = Math.floor(data.byteLength / 2 / channels);
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += view.getInt16((i * channels + c) * 2, true);
    out[i] = sum / channels / 32768;
  }
  return out;
}
