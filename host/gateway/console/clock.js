// The media clock: "which microsecond of the session's timeline is now?"
//
// While nobody speaks it is set by the arrival of frames, which the server sends one frame ahead
// of real time. While there is sound the heard position is the master and the clock follows it.

/** Frames arriving within this span are compared; the fastest shows the path without jitter. */
const WINDOW_MS = 1500;
/** Changes up to this are slewed, at SLEW of real time; larger ones are taken at once. */
const JUMP_US = 250_000;
const SLEW = 0.05;
/** Following the sound: smoothing of the jitter of output timestamps, and when to jump instead. */
const FOLLOW = 0.15;
const FOLLOW_JUMP_US = 25_000;

export class MediaClock {
  /** @param {() => number} now milliseconds, monotonic */
  constructor(now = () => performance.now()) {
    this.wall = now;
    this.reset();
  }

  /** Forgets everything: the next frame sets the clock. */
  reset() {
    this.offset = null;
    this.arrivals = [];
    this.adjustedAt = 0;
  }

  /** Media time in microseconds, or null while unknown. */
  now(wall = this.wall()) {
    return this.offset === null ? null : wall * 1000 + this.offset;
  }

  /** Drops what was learnt from frames: they were sent ahead, or the timeline jumped. */
  forgetArrivals() {
    this.arrivals.length = 0;
    this.adjustedAt = this.wall();
  }

  /** A frame arrived that the server sent in step with real time. */
  frameArrived(pts, duration) {
    const at = this.wall();
    const sample = pts - duration - at * 1000;
    this.arrivals.push({ at, sample });
    while (this.arrivals[0].at < at - WINDOW_MS) this.arrivals.shift();
    let target = -Infinity;
    for (const arrival of this.arrivals) target = Math.max(target, arrival.sample);
    if (this.offset === null || Math.abs(target - this.offset) > JUMP_US) {
      this.offset = target;
    } else {
      const limit = Math.min(100, at - this.adjustedAt) * 1000 * SLEW;
      this.offset += Math.max(-limit, Math.min(limit, target - this.offset));
    }
    this.adjustedAt = at;
  }

  /** The sound heard at `wall` is media time `media`. */
  follow(media, wall) {
    const measured = media - wall * 1000;
    if (this.offset === null || Math.abs(measured - this.offset) > FOLLOW_JUMP_US) this.offset = measured;
    else this.offset += FOLLOW * (measured - this.offset);
  }
}
