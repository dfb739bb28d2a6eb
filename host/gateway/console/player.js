// Plays one session: audio and video of one timeline, in step. The heard sound is the master; where
// there is none, frames are shown as they come. See clock.js, audio.js, video.js.

import { MediaClock } from "./clock.js";
import { AudioOut } from "./audio.js";
import { VideoOut } from "./video.js";
import { Clapper } from "./clapper.js";

/** How many of the newest picture-against-sound readings are kept. */
const OFFSETS_KEPT = 250;

export class Player {
  /**
   * @param {{face: HTMLCanvasElement, ambient: HTMLCanvasElement}} canvases
   * @param {{clapper?: boolean, onLock?: (locked: boolean) => void, onTick?: (media: number) => void, onError?: (error: Error) => void}} options
   */
  constructor(canvases, options = {}) {
    this.clock = new MediaClock();
    this.options = options;
    this.clapper = options.clapper ? new Clapper() : null;
    this.audio = new AudioOut(this.clock, {
      clapper: !!this.clapper,
      onBeep: (wall) => this.clapper?.beep(wall),
      onLock: options.onLock,
    });
    this.video = new VideoOut(canvases, {
      onDrawn: (frame, wall) => this.drawn(frame, wall),
      onError: options.onError,
    });
    this.offsets = []; // milliseconds, picture minus sound, while there is sound
    this.reanchor = false;
    const loop = () => { requestAnimationFrame(loop); this.tick(); };
    requestAnimationFrame(loop);
  }

  /** A new session: a new timeline. */
  async open(media) {
    this.flush();
    this.clock.reset();
    this.soundOnly = media?.video?.delivery === "none";
    await this.audio.open(media?.audio?.sample_rate ?? 24000);
  }

  startTurn() {
    this.audio.startTurn();
    this.offsets.length = 0;
  }

  pushAudio(event) {
    if (this.reanchor && this.soundOnly) {
      this.clock.reset();
      this.reanchor = false;
    }
    // Sound before any picture (or with no picture at all) sets the clock itself.
    if (this.clock.now() === null) this.clock.follow(event.pts_us - 120_000, performance.now());
    this.audio.push(event);
  }

  pushVideo(event) {
    const { pts_us: pts, duration_us: duration } = event;
    if (this.reanchor) {
      this.clock.reset();
      this.reanchor = false;
    }
    if (!this.audio.active && pts >= this.audio.coveredUntil) this.clock.frameArrived(pts, duration);
    this.video.push(event);
  }

  /** The stream goes on where it broke off. Where the sound has run dry it begins again one buffer from now. */
  resume() {
    this.clock.forgetArrivals();
    if (!this.audio.active) this.clock.reset();
  }

  /** Barge-in: silence and an empty queue, now. The timeline may have jumped: the next frame tells. */
  flush() {
    this.audio.flush();
    this.video.flush();
    this.clock.forgetArrivals();
    this.reanchor = true;
  }

  /** The turn's audio has all been received: frames from here on come in real time again. */
  endTurn() {
    this.clock.forgetArrivals();
  }

  /** Media time now, microseconds, or null. */
  now() { return this.clock.now(); }

  tick() {
    const media = this.clock.now();
    if (media === null) return;
    this.video.draw(media);
    this.options.onTick?.(media);
  }

  drawn(frame, wall) {
    this.clapper?.frame(frame, wall);
    if (!this.audio.active) return;
    const heard = this.audio.heardMedia(wall);
    if (heard === null) return;
    this.offsets.push((frame.pts - heard) / 1000);
    if (this.offsets.length > OFFSETS_KEPT) this.offsets.shift();
  }

  /** Median of the picture-against-sound readings in ms, or null. */
  medianOffset() {
    return median(this.offsets);
  }
}

/** Median of numbers, or null if there are none. */
export function median(values) {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
