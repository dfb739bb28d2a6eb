// Picture: decodes frames, keeps a short queue, draws the newest one whose time has come.

/** A frame may be drawn this early: half a display interval, so that it is never late on average. */
const EARLY_US = 8_000;
/** More than this much picture in the queue means the clock is wrong; the oldest frames go. */
const MAX_QUEUE_US = 1_000_000;
const AMBIENT_EVERY = 6;

export class VideoOut {
  /**
   * @param {{face: HTMLCanvasElement, ambient: HTMLCanvasElement}} canvases
   * @param {{onDrawn?: (frame: object, wall: number) => void, onError?: (error: Error) => void}} options
   */
  constructor(canvases, options) {
    this.face = canvases.face;
    this.ambient = canvases.ambient;
    this.paint = this.face.getContext("2d", { alpha: false });
    this.glow = this.ambient.getContext("2d", { alpha: false });
    this.options = options;
    this.queue = [];
    this.epoch = 0;
    this.drawn = 0;
    this.dropped = 0;
    this.decoder = null;
    this.decoding = new Map(); // h264: pts -> epoch and duration
  }

  /** One `video_frame` event. */
  push(event) {
    if (event.codec === "jpeg") this.pushJpeg(event);
    else if (event.codec === "h264-annexb") this.pushH264(event);
    else throw new Error(`unknown video codec ${event.codec}`);
  }

  async pushJpeg({ pts_us: pts, duration_us: duration, data }) {
    // A hidden page draws nothing: no need to decode.
    if (document.hidden) return;
    const epoch = this.epoch;
    try {
      const image = await createImageBitmap(new Blob([data], { type: "image/jpeg" }));
      this.enqueue({ pts, duration, image, width: image.width, height: image.height }, epoch);
    } catch (error) {
      this.options.onError?.(error);
    }
  }

  pushH264({ pts_us: pts, duration_us: duration, keyframe, data }) {
    if (!this.decoder || this.decoder.state === "closed") this.openDecoder();
    if (!this.decoder) return;
    if (this.needsKey && !keyframe) return;
    this.needsKey = false;
    this.decoding.set(pts, { epoch: this.epoch, duration });
    this.decoder.decode(new EncodedVideoChunk({ type: keyframe ? "key" : "delta", timestamp: pts, data }));
  }

  openDecoder() {
    this.needsKey = true;
    this.decoding.clear();
    if (typeof VideoDecoder === "undefined") {
      if (!this.complained) this.options.onError?.(new Error("This browser cannot decode H.264 frames (no WebCodecs)."));
      this.complained = true;
      return;
    }
    this.decoder = new VideoDecoder({
      output: (frame) => {
        const known = this.decoding.get(frame.timestamp);
        this.decoding.delete(frame.timestamp);
        const size = { width: frame.displayWidth, height: frame.displayHeight };
        this.enqueue({ pts: frame.timestamp, duration: known?.duration ?? 0, image: frame, ...size }, known?.epoch ?? -1);
      },
      // The next key frame starts a new decoder.
      error: (error) => { this.decoder = null; this.options.onError?.(error); },
    });
    this.decoder.configure({ codec: "avc1.42E01F", optimizeForLatency: true });
  }

  enqueue(frame, epoch) {
    if (epoch !== this.epoch) { frame.image.close(); return; }
    let at = this.queue.length;
    while (at > 0 && this.queue[at - 1].pts > frame.pts) at--;
    this.queue.splice(at, 0, frame);
    while (this.queue.length > 1 && this.queue.at(-1).pts - this.queue[0].pts > MAX_QUEUE_US) {
      this.queue.shift().image.close();
      this.dropped++;
    }
  }

  /** Drops every frame not drawn yet. H.264 keeps decoding: later frames may refer to these. */
  flush() {
    this.epoch++;
    for (const frame of this.queue) frame.image.close();
    this.queue.length = 0;
  }

  /** Draws the newest frame due at `media`; older ones are dropped. */
  draw(media) {
    let due = null;
    while (this.queue.length && this.queue[0].pts <= media + EARLY_US) {
      if (due) { due.image.close(); this.dropped++; }
      due = this.queue.shift();
    }
    if (!due) return;
    if (this.face.width !== due.width || this.face.height !== due.height) {
      this.face.width = due.width;
      this.face.height = due.height;
    }
    this.paint.drawImage(due.image, 0, 0);
    if (this.drawn % AMBIENT_EVERY === 0) this.paintAmbient(due);
    this.drawn++;
    this.options.onDrawn?.(due, performance.now());
    due.image.close();
  }

  /** The picture's left and right edges, drawn out: the stage is wider than the face. */
  paintAmbient({ image, width, height }) {
    paintEdges(this.glow, this.ambient, image, width, height);
  }

  /** A small hash of what the canvas shows: for tests. */
  hash() {
    const small = new OffscreenCanvas(32, 32).getContext("2d", { willReadFrequently: true });
    small.drawImage(this.face, 0, 0, 32, 32);
    let hash = 0x811c9dc5;
    for (const byte of small.getImageData(0, 0, 32, 32).data) hash = Math.imul(hash ^ byte, 0x01000193);
    return (hash >>> 0).toString(16);
  }
}

function paintEdges(glow, { width, height }, image, fromWidth, fromHeight) {
  const edge = Math.max(1, fromWidth * 0.02);
  glow.drawImage(image, 0, 0, edge, fromHeight, 0, 0, width / 2, height);
  glow.drawImage(image, fromWidth - edge, 0, edge, fromHeight, width / 2, 0, width / 2, height);
}

/** What the canvas shows before the first frame, and when a session has sound only. */
export function drawPlaceholder(canvas, ambient) {
  const size = 512;
  canvas.width = canvas.height = size;
  const g = canvas.getContext("2d", { alpha: false });
  const back = g.createLinearGradient(0, 0, size * 0.3, size);
  back.addColorStop(0, "#dce5f0");
  back.addColorStop(1, "#a9bcd6");
  g.fillStyle = back;
  g.fillRect(0, 0, size, size);
  const figure = g.createLinearGradient(0, size * 0.2, 0, size);
  figure.addColorStop(0, "#f3f7fc");
  figure.addColorStop(1, "#c6d4e6");
  g.fillStyle = figure;
  g.beginPath();
  g.ellipse(size * 0.5, size * 0.4, size * 0.15, size * 0.175, 0, 0, Math.PI * 2);
  g.fill();
  g.beginPath();
  g.ellipse(size * 0.5, size * 1.02, size * 0.34, size * 0.37, 0, 0, Math.PI * 2);
  g.fill();
  paintEdges(ambient.getContext("2d", { alpha: false }), ambient, canvas, size, size);
}
