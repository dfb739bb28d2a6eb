// What each stage did with the controls, as the server reports it: a row for each control, a cell
// for each stage. The table is there from the start, so nothing moves when a report arrives.

import { element, icon } from "./dom.js";
import { CONTROLS, STAGES, controlName, mediaTime } from "./vocabulary.js";
import { Tip } from "./tip.js";

/** A word and a sign for each outcome: colour alone tells nobody anything. */
const OUTCOMES = {
  applied: ["applied", "M3.2 8.600l3.200 3.200 6.400-7.200"],
  downgraded: ["adapted", "M2.600 9.600c1.800-3.400 3.600-3.400 5.400-1.600s3.600 1.800 5.400-1.600"],
  ignored: ["not possible", "M4 4l8 8M12 4l-8 8"],
  // A label replaces a place and the other way round: nobody failed.
  replaced: ["replaced", "M3 8h9M8.500 4.500 12 8l-3.500 3.500"],
};
const ANNOUNCE_AFTER_MS = 900;

export class Report {
  /** @param {HTMLElement} root @param {HTMLElement} summary @param {HTMLElement} live announced when things rest */
  constructor(root, summary, live) {
    this.root = root;
    this.summary = summary;
    this.live = live;
    this.tip = new Tip(document.getElementById("tip"));
    this.clear();
  }

  clear() {
    clearTimeout(this.timer);
    this.tip.hide();
    this.rows = new Map();
    this.told = [];            // the stages that the last event changed
    this.body = element("div", { role: "rowgroup" });
    const titles = ["Control", ...Object.values(STAGES)];
    const head = element("div", { className: "row titles", role: "row" },
      ...titles.map((title) => element("span", { role: "columnheader", textContent: title })));
    const table = element("div", { className: "outcomes", role: "grid", ariaLabel: "What each stage did with each control" },
      element("div", { role: "rowgroup" }, head), this.body);
    for (const control of Object.keys(CONTROLS)) this.row(control);
    this.body.addEventListener("keydown", (event) => this.key(event));
    this.body.addEventListener("focusin", ({ target }) => this.tabStop(target));
    this.root.replaceChildren(table);
    this.summary.textContent = "no changes yet";
    this.live.textContent = "";
  }

  /** The row of a control; made where a mapper of somebody else's reports one we do not know. */
  row(control) {
    const known = this.rows.get(control);
    if (known) return known;
    const title = CONTROLS[control] ?? control.split(".").pop().replaceAll("_", " ");
    const since = element("small", { className: "since" });
    const box = element("div", { className: "row", role: "row" },
      element("span", { className: "control", role: "rowheader" }, title, since));
    box.dataset.control = control;
    const row = { title, box, since, cells: {} };
    for (const stage of Object.keys(STAGES)) {
      const place = element("span", { className: "place", role: "gridcell" });
      place.dataset.stage = STAGES[stage];
      box.append(place);
      row.cells[stage] = { place, line: null, from: null };
      this.fill(row, stage);
    }
    this.body.append(box);
    this.rows.set(control, row);
    return row;
  }

  /**
   * One `control_applied` event: for each stage in it, all that was asked of that stage.
   * @param {Set<string>} asked the controls that the user set: the first report of a stage has the
   *   persona's own values too, which are no change
   */
  applied(event, asked) {
    const stages = new Map();
    for (const line of event.report ?? []) {
      if (!STAGES[line.stage]) continue;
      if (!stages.has(line.stage)) stages.set(line.stage, new Map());
      stages.get(line.stage).set(controlName(line.control), line);
    }
    this.told = [];
    for (const [stage, lines] of stages) this.stage(stage, lines, event.effective_pts_us, asked);
    // The same report again (each turn has one) leaves the last change marked.
    if (!this.told.length) return;
    for (const row of this.rows.values()) {
      for (const stage of stages.keys()) {
        row.cells[stage].fresh = !row.cells[stage].stale;
        this.fill(row, stage);
      }
      this.mark(row);
    }
    if (!this.body.querySelector("button[tabindex='0']")) this.tabStop(this.body.querySelector("button"));
    this.summarise(event.effective_pts_us);
  }

  stage(stage, lines, from, asked) {
    for (const control of lines.keys()) this.row(control);
    const cells = [...this.rows].map(([control, { cells: of }]) => [control, of[stage]]);
    const first = cells.every(([, { line }]) => !line);
    const changed = cells.filter(([control, { line }]) => !same(line, settled(control, lines)));
    if (changed.length) this.told.push(stage);
    for (const [, cell] of cells) cell.stale = true;
    for (const [control, cell] of changed) {
      cell.line = settled(control, lines);
      cell.from = from;
      cell.stale = !cell.line || (first && !asked.has(control));
    }
  }

  fill(row, stage) {
    const { place, line, from, fresh } = row.cells[stage];
    place.classList.toggle("fresh", !!fresh);
    if (!line) {
      place.replaceChildren(element("span", { className: "nothing", textContent: "–", title: "Nothing asked of it yet" }));
      return;
    }
    const [word, path] = OUTCOMES[line.outcome] ?? OUTCOMES.ignored;
    const value = plain(line.value);
    const holds = line.outcome === "applied" || line.outcome === "downgraded";
    const since = holds && Number.isFinite(from) ? `from ${mediaTime(from)}` : "";
    const why = [line.reason, since].filter(Boolean).join("; ");
    const button = place.querySelector("button") ?? element("button", { type: "button", tabIndex: this.body.querySelector("button") ? -1 : 0 });
    button.className = `outcome ${line.outcome}`;
    button.replaceChildren(
      element("span", { className: "word" }, icon(path), word),
      element("span", { className: "value", textContent: value }),
      element("span", { className: "why", textContent: why }),
    );
    if (!button.isConnected) place.replaceChildren(button);
    const parameter = line.param ? `${line.param}${value ? ` = ${value}` : ""}` : "";
    this.tip.attach(button, () => [`${row.title}, ${STAGES[stage]}: ${word}`, parameter, line.reason, since && `Holds ${since}`]);
  }

  /** The outcomes are one tab stop; arrow keys go from one to the next. */
  key(event) {
    const stages = Object.keys(STAGES), rows = [...this.rows.values()];
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!by || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    let down = rows.findIndex(({ box }) => box.contains(event.target));
    let across = stages.findIndex((stage) => rows[down].cells[stage].place.contains(event.target));
    // Cells where nothing was asked are stepped over.
    while ((down += by[0], across += by[1], rows[down]?.cells[stages[across]])) {
      const button = rows[down].cells[stages[across]].place.querySelector("button");
      if (button) return button.focus();
    }
  }

  tabStop(button) {
    for (const other of this.body.querySelectorAll("button")) other.tabIndex = other === button ? 0 : -1;
  }

  /** The row's own mark, with the latest moment of its fresh cells. */
  mark({ box, since, cells }) {
    const times = Object.values(cells).filter(({ fresh }) => fresh).map(({ from }) => from);
    box.classList.toggle("fresh", times.length > 0);
    const text = times.length ? `from ${mediaTime(Math.max(...times))}` : "";
    if (since.textContent !== text) since.textContent = text;
  }

  summarise(from) {
    const who = this.told.length === 1 ? `${STAGES[this.told[0]].toLowerCase()} ` : "";
    this.summary.textContent = `${who}from ${mediaTime(from)}`;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { this.live.textContent = this.inWords(); }, ANNOUNCE_AFTER_MS);
  }

  /** For screen readers: what changed and did not go as asked. */
  inWords() {
    const told = { downgraded: [], ignored: [] };
    for (const { title, cells } of this.rows.values()) {
      for (const [stage, { fresh, line }] of Object.entries(cells)) {
        if (fresh) told[line.outcome]?.push(`${title} by ${STAGES[stage]}`);
      }
    }
    const parts = [`Controls, last change: ${this.summary.textContent}.`];
    if (told.downgraded.length) parts.push(`Adapted: ${told.downgraded.join(", ")}.`);
    if (told.ignored.length) parts.push(`Not possible: ${told.ignored.join(", ")}.`);
    return parts.join(" ");
  }
}

/** The line of a control, or null; a label or place that gave way to the other is told as such. */
function settled(control, lines) {
  const line = lines.get(control) ?? null;
  if (line?.outcome !== "ignored") return line;
  const taken = (name) => lines.has(name) && lines.get(name).outcome !== "ignored";
  const label = "emotion.label", place = ["emotion.valence", "emotion.arousal"];
  const gaveWay = (control === label && place.some(taken)) || (place.includes(control) && taken(label));
  return gaveWay ? { ...line, outcome: "replaced" } : line;
}

function same(a, b) {
  if (!a || !b) return a === b;
  return ["outcome", "param", "value", "reason"].every((key) => a[key] === b[key]);
}

function plain(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(Math.round(value * 100) / 100).replace("-", "−");
  if (typeof value === "boolean") return value ? "on" : "off";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
