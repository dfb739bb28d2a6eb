// `?state=…`: shows one state of the page with sample content and without a server, for design work
// and for the test that every state renders.

const SAY = "I just got wonderful news! ";
const REPLY = "Oh, that is wonderful to hear! Tell me everything, from the very beginning. ";
const NO_NET = { open: false, start() {}, retryNow() {}, send: () => false, get: async () => null, post: async () => null };

const PERSONAS = [
  { id: "default", name: "Mira", description: "Warm and attentive; the one to start with.", style: ["warm", "attentive", "unhurried"],
    emotion: { label: "calm", intensity: 0.4 }, character: { speech_rate: 1, pitch_shift: 0, expressivity: 0.6, motion_gain: 1 } },
  { id: "theo", name: "Theo", description: "A dry-witted night-radio host with a low voice.", style: ["dry", "low", "laconic"],
    emotion: { label: "calm", intensity: 0.6 }, character: { speech_rate: 0.92, pitch_shift: -0.5, expressivity: 0.4, motion_gain: 0.7 } },
  { id: "ravi", name: "Ravi", description: "A patient teacher who explains one thing at a time." },
];

const line = (control, stage, outcome, param, value, reason = "") => ({ control, stage, outcome, param, value, reason });
const REPORT = [
  line("emotion.label", "llm", "downgraded", "persona", null, "told in words"),
  line("emotion.intensity", "llm", "downgraded", "persona", null, "told in words"),
  line("character.pitch_shift", "llm", "ignored", null, null, "the language model has nothing that follows it"),
  line("emotion.label", "tts", "applied", "style", "joy"),
  line("emotion.intensity", "tts", "applied", "strength", 1),
  line("character.pitch_shift", "tts", "downgraded", "pitch", 4, "wanted 8, given 4: the provider takes -4 to 4"),
  line("character.motion_gain", "tts", "ignored", null, null, "the voice has nothing that follows it"),
  line("emotion.label", "avatar", "applied", "emotion", "joy"),
  line("emotion.intensity", "avatar", "applied", "intensity", 1),
  line("character.pitch_shift", "avatar", "ignored", null, null, "the face has nothing that follows it"),
  line("character.motion_gain", "avatar", "applied", "motion", 1.2),
];

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
  place: (app) => { open(app); app.controls.pad.move([-0.4, 0.65]); app.controls.pickPersona("theo"); },
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
  app.controls.setPersonas(PERSONAS);
  app.connected("open", {});
}

function talk(app) {
  open(app);
  app.controls.pickEmotion("joy");
  app.controls.change("character", "pitch_shift", 8);
  app.view.say("you", SAY);
  app.turn = turn();
  app.words(REPLY);
  app.captions.reveal(2_600_000);
  const told = (event, ...stages) => app.applied({ ...event, report: REPORT.filter(({ stage }) => stages.includes(stage)) });
  told({ effective_pts_us: 11_920_000 }, "llm", "avatar");
  told({ effective_pts_us: 12_430_000 }, "tts");
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
