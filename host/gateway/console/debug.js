// `window.tthDebug`: what the browser tests look at.

export function expose(app) {
  window.tthDebug = {
    get state() { return document.documentElement.dataset.state; },
    get locked() { return app.player.audio.locked; },
    get framesDrawn() { return app.player.video.drawn; },
    get framesDropped() { return app.player.video.dropped; },
    get lastFrameHash() { return app.player.video.hash(); },
    get audioSamplesPlayed() { return app.player.audio.last?.played ?? 0; },
    get audioRms() { return app.player.audio.last?.rms ?? 0; },
    get lastSoundAt() { return app.player.audio.lastSoundWall(); },
    get rebases() { return app.player.audio.last?.rebases ?? 0; },
    get avOffsetsMs() { return app.player.clapper?.offsets ?? app.player.offsets; },
    get drawOffsetsMs() { return app.player.offsets; },
    get metrics() { return app.metrics; },
    get turns() { return app.turns; },
    get captions() { return app.captions.visible; },
    get seqGaps() { return app.stream?.gaps ?? 0; },
    get mediaNow() { return app.player.now(); },
    /** The parts of `control_update` as they were sent, newest last. */
    get updates() { return app.updates; },
    /** Sizes of the clips that were saved. */
    get clips() { return app.clips.map(({ size }) => size); },
    /** Plays the newest of them; what came of it is in `played`. */
    async play() {
      const video = Object.assign(document.createElement("video"), { src: URL.createObjectURL(app.clips.at(-1)) });
      video.onended = () => {
        const { videoWidth: width, duration, webkitAudioDecodedByteCount: audio, webkitVideoDecodedByteCount: pictures } = video;
        this.played = { width, duration, audio, pictures };
      };
      video.onerror = () => { this.played = { error: video.error.message }; };
      await video.play();
    },
    played: null,
    /** The connection breaks, and stays so until `comeBack`. */
    lose() {
      app.stream.connect = () => {};
      app.stream.drop(4000);
      app.stream.retryLater(new Error());
    },
    comeBack() {
      delete app.stream.connect;
      app.stream.retryNow();
    },
    /** The `control_applied` events as they came, newest last. */
    get reports() { return app.reports; },
  };
}
