// What the page shows: status, overlay, readings, providers, report, history. No logic of the session.

import { element } from "./dom.js";
import { median } from "./player.js";
import { STAGES } from "./vocabulary.js";

/** Lines of the conversation that are kept. */
const HISTORY_KEPT = 400;

const STATUS = {
  connecting: "Connecting…",
  ready: "Ready",
  thinking: "Thinking…",
  speaking: "Speaking",
  disconnected: "Disconnected",
  unauthorized: "Key needed",
  error: "Error",
};

export class View {
  constructor() {
    this.root = document.documentElement;
    const ids = ["status-text", "overlay", "overlay-title", "overlay-text", "overlay-hint", "key-form", "key", "retry",
      "unlock", "stop", "send", "starters", "notice-title", "notice-text", "m-ttfa", "m-ttfv", "m-drift", "m-av", "live-note",
      "providers", "history", "history-count", "name-tag", "face", "text"];
    for (const id of ids) this[id] = document.getElementById(id);
    this.name = "Persona";
    // Where there is room, what the stages did is in view.
    document.getElementById("report-panel").open = matchMedia("(min-width: 901px)").matches;
    document.getElementById("notice-close").addEventListener("click", () => this.clearNotice());
  }

  /** One of the keys of STATUS. */
  state(state) {
    if (this.root.dataset.state === state) return;
    this.root.dataset.state = state;
    this["status-text"].textContent = STATUS[state];
    const active = state === "thinking" || state === "speaking";
    const hadFocus = document.activeElement === this.stop;
    this.stop.hidden = !active;
    if (hadFocus && !active && matchMedia("(hover: hover)").matches) this.text.focus();
    const online = active || state === "ready";
    this.send.setAttribute("aria-disabled", String(!online));
    this.starters.hidden = state !== "ready" || this.history.children.length > 0;
    if (online) this.hideOverlay();
  }

  locked(locked) {
    this.unlock.hidden = !locked;
    this.root.toggleAttribute("data-locked", locked);
  }

  showOverlay({ title, text = "", hint = "", retry = false, key = false }) {
    const wasHidden = this.overlay.hidden || this["key-form"].hidden;
    this.overlay.hidden = false;
    this["overlay-title"].textContent = title;
    this["overlay-text"].textContent = text;
    this["overlay-hint"].textContent = hint;
    this.retry.hidden = !retry;
    this["key-form"].hidden = !key;
    if (key && wasHidden) this.key.focus();
  }

  hint(text) { this["overlay-hint"].textContent = text; }

  hideOverlay() { this.overlay.hidden = true; }

  notice(title, text) {
    this["notice-title"].textContent = title;
    this["notice-text"].textContent = text;
    document.getElementById("notice").hidden = false;
  }

  clearNotice() { document.getElementById("notice").hidden = true; }

  /** Values of one `turn_metrics` event. */
  metrics(metrics) {
    this["m-ttfa"].replaceChildren(...reading(metrics.ttfa_ms));
    this["m-ttfv"].replaceChildren(...reading(metrics.ttfv_ms));
    this["m-drift"].replaceChildren(...reading(metrics.drift_ms?.p95));
    const corrections = metrics.corrections ? `, ${metrics.corrections} corrections` : "";
    this["live-note"].textContent = `last turn: ${seconds(metrics.audio_ms)} of speech${corrections}`;
    for (const { stage, first_output_ms: first } of metrics.stages ?? []) this.stageNote(stage, first);
  }

  /** Picture against heard sound, milliseconds, as measured while drawing. */
  avOffsets(offsets) {
    this["m-av"].replaceChildren(...reading(median(offsets), true));
  }

  /** `{llm, tts, avatar}`: which provider serves each stage. */
  serving(providers) {
    this.first = providers;
    this.stages = {};
    this.providers.replaceChildren();
    for (const [stage, title] of Object.entries(STAGES)) {
      const row = element("div", { className: "provider" });
      const name = element("dd", { textContent: providerName(providers?.[stage]) });
      const note = element("dd", { className: "sub", textContent: "" });
      row.append(element("dt", { textContent: title }), name, note);
      this.providers.append(row);
      this.stages[stage] = { row, name, note };
    }
  }

  /** The same, as a stream that begins has it: whoever is not the first of its chain stands in for it. */
  servingNow(providers) {
    for (const [stage, entry] of Object.entries(this.stages ?? {})) {
      const now = providerName(providers[stage]), first = providerName(this.first?.[stage]);
      entry.name.textContent = now;
      entry.row.classList.toggle("fallback", now !== first);
      if (now !== first) entry.note.textContent = `stands in for ${first}`;
    }
  }

  switched({ stage, from, to, reason }) {
    const entry = this.stages?.[stage];
    if (!entry) return;
    entry.name.textContent = providerName(to);
    const back = to === this.first?.[stage];
    entry.row.classList.toggle("fallback", !back);
    entry.note.textContent = back ? "serves again" : `took over from ${providerName(from)}${reason ? `: ${reason}` : ""}`;
  }

  stageNote(stage, firstMs) {
    const entry = this.stages?.[stage];
    if (!entry || entry.row.classList.contains("fallback") || !Number.isFinite(firstMs)) return;
    entry.note.textContent = `first output ${milliseconds(firstMs)}`;
  }

  /** Who is talking, or null while nobody knows. */
  persona(persona) {
    this.name = persona?.name || persona?.id || "Persona";
    this["name-tag"].textContent = persona?.name ?? "";
    this.face.setAttribute("aria-label", persona?.name ? `${persona.name}, speaking` : "The speaking face");
  }

  saver(save) {
    const title = "Save as video";
    const button = element("button", { type: "button", className: "save", textContent: title });
    button.addEventListener("click", async () => {
      if (button.ariaBusy === "true") return;
      button.ariaBusy = "true";
      button.textContent = "Making the video…";
      await save();
      button.ariaBusy = "false";
      button.textContent = title;
    });
    return button;
  }

  /** Adds a line to the conversation; `save` makes a file of it. */
  say(who, text, note = "", save = null) {
    const name = who === "you" ? "You" : this.name;
    const small = element("small", { textContent: [name, note].filter(Boolean).join(" · ") });
    const line = element("li", { className: who === "you" ? "you" : "they" }, small, element("p", { textContent: text }));
    if (save) line.append(this.saver(save));
    this.history.append(line);
    while (this.history.children.length > HISTORY_KEPT) this.history.firstElementChild.remove();
    this["history-count"].textContent = String(this.history.children.length);
    this.history.scrollTop = this.history.scrollHeight;
  }
}

/** A number with a small unit, as nodes. */
function reading(ms, signed = false) {
  if (!Number.isFinite(ms)) return ["–"];
  const value = Math.round(ms);
  const text = value >= 10_000 ? (value / 1000).toFixed(1) : String(Math.abs(value));
  const sign = value < 0 ? "−" : signed && value > 0 ? "+" : "";
  return [sign + text, element("small", { textContent: value >= 10_000 ? " s" : " ms" })];
}

function milliseconds(ms) { return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`; }

function seconds(ms) { return Number.isFinite(ms) ? `${(ms / 1000).toFixed(1)} s` : "no"; }

function providerName(provider) {
  if (!provider) return "none";
  return typeof provider === "string" ? provider : provider.id ?? "none";
}
