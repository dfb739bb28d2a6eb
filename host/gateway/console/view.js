// What the page shows: status, overlay, readings, providers, report, history. No logic of the session.

import { median } from "./player.js";

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
      "providers", "report", "report-count", "history", "history-count"];
    for (const id of ids) this[id] = document.getElementById(id);
    this.outcomes = new Map();
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
    if (hadFocus && !active) document.getElementById("text").focus();
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
    const wasHidden = this.overlay.hidden;
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
    this.stages = {};
    this.providers.replaceChildren();
    for (const stage of ["llm", "tts", "avatar"]) {
      const row = element("div", { className: "provider" });
      const name = element("dd", { textContent: providerName(providers?.[stage]) });
      const note = element("dd", { className: "sub", textContent: "" });
      row.append(element("dt", { textContent: { llm: "Words", tts: "Voice", avatar: "Face" }[stage] }), name, note);
      this.providers.append(row);
      this.stages[stage] = { row, name, note };
    }
  }

  switched({ stage, from, to, reason }) {
    const entry = this.stages?.[stage];
    if (!entry) return;
    entry.name.textContent = providerName(to);
    entry.note.textContent = `took over from ${providerName(from)}${reason ? `: ${reason}` : ""}`;
    entry.row.classList.add("fallback");
  }

  stageNote(stage, firstMs) {
    const entry = this.stages?.[stage];
    if (!entry || entry.row.classList.contains("fallback") || !Number.isFinite(firstMs)) return;
    entry.note.textContent = `first output ${milliseconds(firstMs)}`;
  }

  /** The `report` of a `control_applied` event: the newest line of each control and stage stays. */
  applied(report) {
    for (const line of report ?? []) {
      const key = `${line.control}/${line.stage}`;
      this.outcomes.delete(key);
      this.outcomes.set(key, line);
    }
    const table = element("table");
    table.append(element("caption", { className: "sr", textContent: "How each stage took over the controls" }));
    const head = table.createTHead().insertRow();
    for (const title of ["Control", "Stage", "Outcome"]) head.append(element("th", { scope: "col", textContent: title }));
    const body = table.createTBody();
    for (const line of [...this.outcomes.values()].reverse()) {
      const row = body.insertRow();
      row.append(element("th", { scope: "row", textContent: humanise(line.control) }));
      row.append(element("td", { textContent: { llm: "Words", tts: "Voice", avatar: "Face" }[line.stage] ?? line.stage }));
      const cell = element("td");
      cell.append(element("span", { className: `outcome ${line.outcome}`, textContent: line.outcome }));
      const detail = [line.param && `${line.param} = ${plain(line.value)}`, line.reason].filter(Boolean).join(" · ");
      if (detail) cell.append(element("small", { textContent: detail }));
      row.append(cell);
    }
    this.report.replaceChildren(table);
    const count = this.outcomes.size;
    this["report-count"].textContent = count ? `${count} ${count === 1 ? "answer" : "answers"}` : "no changes yet";
  }

  /** Adds a line to the conversation; returns a function that replaces its text. */
  say(who, text, note = "") {
    const item = element("li", { className: who });
    const body = element("p", { textContent: text });
    const small = element("small", { textContent: [who === "you" ? "You" : "Persona", note].filter(Boolean).join(" · ") });
    item.append(small, body);
    this.history.append(item);
    const spoken = this.history.children.length;
    this["history-count"].textContent = String(spoken);
    this.history.scrollTop = this.history.scrollHeight;
    return (newText, newNote) => {
      body.textContent = newText;
      if (newNote !== undefined) small.textContent = [who === "you" ? "You" : "Persona", newNote].filter(Boolean).join(" · ");
    };
  }
}

function element(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties);
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

function humanise(control) { return String(control).replace(/^(emotion|character|render)\./, "").replaceAll(/[_-]/g, " "); }

function plain(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number") return String(Math.round(value * 1000) / 1000);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
