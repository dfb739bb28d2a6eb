// `?state=…`: shows one state of the page with sample content and without a server, for design work
// and for the test that every state renders.

const SAY = "I just got wonderful news! ";
const REPLY = "Oh, that is wonderful to hear! Tell me everything, from the very beginning. ";
const NO_NET = { open: false, start() {}, retryNow() {}, send: () => false, get: async () => null };

const STATES = {
  connecting: (app) => app.connected("connecting", {}),
  ready: (app) => open(app),
  thinking: (app) => { open(app); app.view.say("you", SAY); app.turn = turn(); app.show(); },
  speaking: (app) => { talk(app); app.view.state("speaking"); },
  disconnected: (app) => app.connected("disconnected", { retryAt: performance.now() + 4000 }),
  unauthorized: (app) => app.connected("unauthorized", {}),
  error: (app) => app.connected("refused", {
    error: { status: 400, code: "unknown_persona", requestId: "3f2a81", message: "There is no persona “pirate”." },
  }),
  locked: (app) => { open(app); app.view.locked(true); },
};

/** Puts the page into `state`; unknown names say so. */
export function demo(app, state) {
  app.stream = NO_NET;
  app.connected("connecting", {});
  const act = STATES[state];
  if (act) act(app);
  else app.connected("refused", { error: { status: 404, code: "", message: `This page has no state “${state}”.` } });
}

function turn() {
  return { id: "demo", text: "", said: "", line: null, firstPts: null, audioEnd: -1, ended: false };
}

function open(app) {
  app.view.serving({ llm: "llm_mock", tts: "tts_embedded", avatar: "avatar_embedded" });
  app.controls.setPersonas([{ id: "default", name: "Default" }]);
  app.connected("open", {});
}

function talk(app) {
  open(app);
  app.controls.pickEmotion("joy");
  app.view.say("you", SAY);
  app.turn = turn();
  app.words(REPLY);
  app.captions.reveal(2_600_000);
  app.view.applied([
    { control: "character.pitch_shift", stage: "tts", outcome: "downgraded", param: "pitch", value: 4, reason: "limited to ±4 semitones" },
    { control: "emotion.label", stage: "tts", outcome: "applied", param: "style", value: "joy", reason: "" },
    { control: "emotion.label", stage: "avatar", outcome: "applied", param: "emotion", value: "joy", reason: "" },
    { control: "character.motion_gain", stage: "tts", outcome: "ignored", param: null, value: null, reason: "a voice does not move" },
  ]);
  app.view.metrics({
    ttft_ms: 2, ttfa_ms: 118, ttfv_ms: 142, total_ms: 4210, audio_ms: 4100, frames: 104, corrections: 0,
    drift_ms: { mean: 3, p95: 11, max: 18 },
    stages: [
      { stage: "llm", provider: "llm_mock", first_output_ms: 2 },
      { stage: "tts", provider: "tts_embedded", first_output_ms: 96 },
      { stage: "avatar", provider: "avatar_embedded", first_output_ms: 12 },
    ],
    fallbacks: 0,
  });
  app.view.avOffsets([-3, 2, 4]);
}
