// The console: wires the stream, the player, the captions and the controls into one page.

import { Captions } from "./captions.js";
import { Controls } from "./controls.js";
import { expose } from "./debug.js";
import { demo } from "./demo.js";
import { overlay } from "./overlays.js";
import { Player } from "./player.js";
import { Report } from "./report.js";
import { takeStills } from "./stills.js";
import { Stream } from "./stream.js";
import { drawPlaceholder } from "./video.js";
import { View } from "./view.js";
import { STAGES } from "./vocabulary.js";

const PLAYBACK_EVERY_MS = 250;
/** No key and no click for this long: the user rests. */
const QUIET_MS = 1500;
/** Updates and reports kept for a look from outside. */
const KEPT = 200;
const CLIPS_KEPT = 1;
const byId = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);

class App {
  constructor() {
    this.view = new View();
    this.captions = new Captions(byId("captions"), byId("captions-live"));
    this.connection = "connecting";
    this.turn = null;          // the running turn, until its last sound is heard
    this.ignored = new Set();  // turns the user has interrupted: what still arrives of them is dropped
    this.metrics = [];
    this.clips = [];
    this.turns = 0;
    this.playbackAt = 0;
    this.usedAt = performance.now();
    this.updates = [];
    this.reports = [];
    const canvases = { face: byId("face"), ambient: byId("ambient") };
    drawPlaceholder(canvases.face, canvases.ambient);
    this.player = new Player(canvases, {
      clapper: query.get("clapper") === "1",
      onLock: (locked) => this.view.locked(locked && this.connection === "open"),
      onTick: (media) => this.tick(media),
      onError: (error) => this.view.notice("Picture:", error.message),
    });
    this.report = new Report(byId("report"), byId("report-count"), byId("report-live"));
    this.controls = new Controls(document, (patch) => this.update(patch), (persona) => this.view.persona(persona));
    this.bind();
    this.prefill();
  }

  // --- the user ---

  bind() {
    const text = byId("text"), composer = byId("composer");
    const grow = () => { text.style.height = "auto"; text.style.height = `${Math.min(text.scrollHeight, 160)}px`; };
    text.addEventListener("input", grow);
    text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !composing(event)) { event.preventDefault(); composer.requestSubmit(); }
    });
    composer.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.submit(text.value.trim(), new FormData(composer).get("mode"))) { text.value = ""; grow(); }
    });
    composer.addEventListener("change", () => {
      const say = new FormData(composer).get("mode") === "say";
      text.placeholder = say ? "Words to speak…" : "Tell them something…";
    });
    byId("starters").addEventListener("click", ({ target }) => {
      if (target.closest("button") && this.submit(target.textContent, "chat") && hasKeyboard()) text.focus();
    });
    byId("stop").addEventListener("click", () => this.interrupt());
    byId("retry").addEventListener("click", () => this.stream?.retryNow());
    byId("key-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const key = byId("key").value.trim();
      if (/[^\x21-\x7e]/.test(key)) {
        this.view.hint("A key has no spaces, accents or dots that stand for more: copy it once more.");
        return;
      }
      this.stream.key = key;
      byId("key").value = "";
      this.stream.retryNow();
    });
    addEventListener("keydown", (event) => { if (event.key === "Escape" && !composing(event)) this.interrupt(); });
    // Where fingers touch, only the click at the end counts as a gesture.
    for (const gesture of ["pointerdown", "keydown", "click"]) addEventListener(gesture, () => {
      this.usedAt = performance.now();
      this.player.audio.unlock();
    }, { capture: true });
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.player.video.flush(); });
  }

  prefill() {
    byId("text").value = query.get("text") ?? "";
    if (query.get("persona")) this.controls.choosePersona(query.get("persona"));
    if (query.get("emotion")) this.controls.pickEmotion(query.get("emotion"));
  }

  /** Sends the text; false if it could not be sent. */
  submit(text, mode) {
    if (!text || !this.stream?.open) return false;
    if (this.turn) {
      this.silence();
      this.breakOff();
    }
    this.controls.flush();
    this.view.clearNotice();
    this.captions.clear();
    this.view.say("you", text, mode === "say" ? "to be said" : "");
    this.stream.send({ type: "user_text", text, mode });
    this.turn = { id: null, text: "", said: mode === "say" ? text : "", line: null, firstPts: null, audioEnd: -1, ended: false };
    this.show();
    return true;
  }

  update(patch) {
    if (this.stream?.send({ type: "control_update", ...patch })) keep(this.updates, patch);
    else this.unsent = true;
  }

  /** Barge-in: silence at once, then tell the server. */
  interrupt() {
    if (!this.turn) return;
    if (!this.stream?.send({ type: "interrupt" })) this.unsaid = true;
    // The server may have finished sending while the last words still sound: then nobody answers.
    if (this.turn.ended) this.settle("interrupted");
    this.silence();
  }

  silence() {
    if (this.turn?.id) this.ignored.add(this.turn.id);
    this.player.flush();
  }

  // --- the connection ---

  start() {
    this.stream = new Stream({
      request: () => this.controls.forSession(),
      onState: (state, detail) => this.connected(state, detail),
      onSession: (session) => this.opened(session),
      onEvent: (event) => this.event(event),
    });
    this.stream.start();
  }

  connected(state, detail) {
    this.connection = state;
    overlay(this.view, state, detail);
    // Who chose somebody that there is not needs to see who there is.
    if (state === "open" || state === "refused") this.personas();
    if (state === "open") {
      this.player.audio.reportLock();
    } else if (!this.turn?.id || state === "unauthorized" || state === "refused") {
      // Of a turn that the server has begun the rest is played, and what follows may still come.
      this.breakOff();
      this.player.flush();
    }
    this.show();
  }

  opened(session) {
    this.view.serving(session.providers);
    if (this.session?.session_id === session.session_id) return;
    this.session = session;
    this.breakOff();
    this.unsaid = false;
    this.report.clear();
    this.ignored.clear();
    this.player.open(session.media).catch((error) => this.view.notice("Sound:", error.message));
    if (session.media?.video?.delivery === "none") drawPlaceholder(byId("face"), byId("ambient"));
  }

  async personas() {
    if (this.personasKnown) return;
    const answer = await this.stream.get("v1/personas").catch(() => null);
    const list = Array.isArray(answer) ? answer : answer?.personas;
    if (Array.isArray(list) && list.length && !this.personasKnown) {
      this.personasKnown = true;
      this.controls.setPersonas(list);
      takeStills(this.stream, list, () => this.quiet(), (id, source) => this.controls.personas.picture(id, source));
    }
  }

  /** Resolves once the face is there, nobody speaks, and the user rests: nothing is to be slower for it. */
  async quiet() {
    const busy = () => this.state !== "ready" || !this.player.video.drawn || performance.now() - this.usedAt < QUIET_MS;
    while (busy()) await new Promise((wake) => setTimeout(wake, 200));
  }

  // --- events of the server ---

  event(event) {
    const mine = event.turn_id !== null && event.turn_id !== undefined;
    const dropped = mine && this.ignored.has(event.turn_id);
    switch (event.type) {
      case "session_ready": this.ready(event); break;
      case "turn_started": this.started(event); break;
      case "text_delta": if (!dropped && this.turn) this.words(event.text); break;
      case "audio_chunk": if (!dropped) this.sound(event); break;
      case "video_frame": if (!dropped) this.picture(event); break;
      case "control_applied": this.applied(event); break;
      case "provider_switched": this.view.switched(event); break;
      case "interrupted": this.interrupted(event); break;
      case "turn_metrics": this.measured(event); break;
      case "turn_ended": this.ended(event); break;
      case "remote_media":
        this.view.notice("Remote picture:", `this session's face is delivered by ${event.kind}; this page shows the sound.`);
        break;
      case "error": this.failed(event); break;
    }
  }

  /** The stream begins: where the last one broke off, or afresh. */
  ready({ resumed, providers }) {
    if (providers) this.view.servingNow(providers);
    if (resumed) {
      this.player.resume();
    } else if (this.turn?.id) {
      this.breakOff();
      this.player.flush();
    }
    // What was done while nobody could be told.
    if (this.unsaid && resumed) this.stream.send({ type: "interrupt" });
    if (this.unsent) this.update(this.controls.all());
    this.unsaid = this.unsent = false;
    this.show();
  }

  started({ turn_id: id }) {
    this.turn ??= { text: "", said: "", line: null, firstPts: null, audioEnd: -1, ended: false };
    this.turn.id = id;
    this.player.startTurn();
    this.show();
  }

  words(text) {
    this.turn.text += text;
    this.captions.append(text);
  }

  sound(event) {
    const { turn } = this;
    if (turn) {
      turn.firstPts ??= event.pts_us;
      turn.audioEnd = Math.max(turn.audioEnd, event.pts_us + event.duration_us);
      // A provider that speaks the text itself may send no words: the text is known.
      if (!turn.text && turn.said) this.words(`${turn.said} `);
    }
    try {
      this.player.pushAudio(event);
    } catch (error) {
      this.view.notice("Sound:", error.message);
    }
  }

  picture(event) {
    try {
      this.player.pushVideo(event);
    } catch (error) {
      if (!this.blind) this.view.notice("Picture:", error.message);
      this.blind = true;
    }
  }

  applied(event) {
    keep(this.reports, { report: event.report, effective_pts_us: event.effective_pts_us });
    this.report.applied(event, this.controls.asked);
    this.controls.applied(event.report ?? []);
  }

  interrupted({ turn_id: id, text_heard: heard }) {
    if (id) this.ignored.add(id);
    if (this.turn && this.turn.id !== null && this.turn.id !== id) return; // the next one runs already
    this.player.flush();
    if (this.turn?.id === id) {
      this.captions.cut(heard ?? "");
      this.settle("interrupted", heard);
    }
  }

  measured(metrics) {
    keep(this.metrics, metrics);
    this.view.metrics(metrics);
  }

  ended({ turn_id: id, reason }) {
    this.turns++;
    this.ignored.delete(id);
    const { turn } = this;
    if (!turn || turn.id !== id) return;
    this.player.endTurn();
    if (reason !== "completed" || turn.audioEnd < 0) {
      if (reason === "completed") this.captions.revealAll();
      this.settle(reason);
      return;
    }
    turn.ended = true;
    this.captions.finish(this.player.audio.spokenBefore(Infinity));
  }

  /** The turn is over for the user's eyes and ears. */
  settle(reason, heard) {
    const { turn } = this;
    this.turn = null;
    const text = heard ?? (reason === "interrupted" ? this.captions.visible : turn.text.trim());
    if (text) this.view.say("persona", text, reason === "completed" ? "" : reason, () => this.clip(text));
    this.view.avOffsets(this.player.offsets);
    this.show();
  }

  /** The turn ends without its end: what was heard of it stays. */
  breakOff() {
    const { turn } = this;
    if (!turn) return;
    const heard = this.captions.visible;
    if (turn.id && heard) {
      this.captions.cut(heard);
      this.settle("interrupted", heard);
    } else {
      this.turn = null;
    }
  }

  /** What was said, as a file to keep: with who speaks and how they feel now. */
  async clip(text) {
    try {
      const blob = await this.stream.clip({ text, mode: "say", ...this.controls.forSession() });
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = `${this.view.name} - ${text.slice(0, 32).replace(/[^\p{L}\p{N} ]/gu, "").trim() || "clip"}.mp4`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      keep(this.clips, blob, CLIPS_KEPT);
    } catch (error) {
      this.view.notice("No video:", error.message);
    }
  }

  failed({ code, message, retryable, stage, turn_id: id }) {
    if (code === "session_expired") {
      this.view.notice("A new conversation begins:", "the last one had not been used for too long.");
      return;
    }
    const where = stage ? ` (${STAGES[stage]?.toLowerCase() ?? stage})` : "";
    this.view.notice(`Something went wrong${where}:`, `${message.replace(/[^.!?]$/, "$&.")}${retryable ? " You can try again." : ""} [${code}]`);
    if (this.turn && !this.turn.id && !id) { this.turn = null; this.show(); }
  }

  // --- every animation frame ---

  tick(media) {
    const { turn } = this;
    if (!turn || turn.firstPts === null) return;
    this.show(media);
    this.captions.reveal(this.player.audio.spokenBefore(media));
    const now = performance.now();
    if (media >= turn.firstPts && now - this.playbackAt >= PLAYBACK_EVERY_MS) {
      this.playbackAt = now;
      this.view.avOffsets(this.player.offsets);
      const position_us = Math.max(0, Math.round(Math.min(media, turn.audioEnd)));
      this.stream.send({ type: "playback", position_us, client_us: Math.round(now * 1000) });
    }
    if (turn.ended && media >= turn.audioEnd) {
      this.captions.revealAll();
      this.settle("completed");
    }
  }

  /** The state the page is in. */
  get state() {
    if (this.connection === "refused") return "error";
    if (this.connection !== "open") return this.connection;
    if (!this.turn) return "ready";
    const media = this.player.now();
    return this.turn.firstPts !== null && media !== null && media >= this.turn.firstPts ? "speaking" : "thinking";
  }

  show() { this.view.state(this.state); }
}

/** Whether the key belongs to an input method, which is still putting a character together. */
function composing(event) { return event.isComposing || event.keyCode === 229; }

/** Where there is only a screen, focus brings up a keyboard that covers the face. */
function hasKeyboard() { return matchMedia("(hover: hover)").matches; }

function keep(list, item, most = KEPT) {
  list.push(item);
  if (list.length > most) list.shift();
}

const app = new App();
const wanted = query.get("state");
if (wanted) demo(app, wanted);
else app.start();
expose(app);
