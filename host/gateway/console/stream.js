// One session with the server: created over HTTP, carried by a WebSocket, rebuilt when it breaks.

import { decode, encode } from "./cbor.js";

const CBOR = "tth.v1.cbor";
const JSON_TEXT = "tth.v1.json";
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;
const PING_EVERY_MS = 4_000;
/** Nothing at all has come for this long since a ping: nobody is there. */
const DEAD_AFTER_MS = 8_000;
/** A request that is not answered by then will not be. */
const ANSWER_MS = 15_000;
/** So often a session is tried again that never got through. */
const INSIST = 2;
/** Back in a network, a stream this quiet is better begun again than waited for. */
const QUIET_MS = 2_000;
/** Not a goodbye: the server waits for this stream to be resumed. */
const LOST = 4000;
/** The server closes a stream so when another one has taken its session over. */
const REPLACED = 4001;
/** Why the server closes a session that nobody used. */
const EXPIRED = "session expired";
const KEY_ITEM = "tth-api-key";

const TAKEN = { error: { code: "replaced", message: "Another page has taken this conversation over." } };
const NO_SOCKETS = "The page is served, but its stream is not: does a proxy in between pass WebSockets on?";

/** A failed request, with what the server said about it. */
export class ApiError extends Error {
  constructor(status, body, retryAfter) {
    super(body?.error?.message || `The server answered ${status}.`);
    this.status = status;
    this.code = body?.error?.code ?? "";
    this.requestId = body?.error?.request_id ?? "";
    this.retryAfter = retryAfter;
  }
}

export class Stream {
  /**
   * @param {{
   *   request: () => object,                         body of `POST /v1/sessions`
   *   onState: (state: string, detail: object) => void,  connecting | open | disconnected | unauthorized | refused
   *   onSession: (session: object) => void,
   *   onEvent: (event: object) => void,
   * }} hooks
   */
  constructor(hooks) {
    this.hooks = hooks;
    this.session = null;
    this.socket = null;
    this.attempt = 0;
    this.generation = 0; // stale callbacks compare against it
    this.gaps = 0;
    this.seq = 0; // of the last event of this session: the next stream goes on behind it
    this.timer = 0;
    addEventListener("pagehide", () => this.close());
    addEventListener("pageshow", (event) => { if (event.persisted) this.start(); });
    addEventListener("online", () => {
      if (this.session && (!this.open || performance.now() - this.heardAt > QUIET_MS)) this.retryNow();
    });
  }

  get open() { return this.socket?.readyState === WebSocket.OPEN; }

  set key(value) { sessionStorage.setItem(KEY_ITEM, value); }

  headers(extra = {}) {
    const key = sessionStorage.getItem(KEY_ITEM);
    return key ? { ...extra, authorization: `Bearer ${key}` } : extra;
  }

  /** GET that answers parsed JSON, or null for anything but 200. */
  async get(path) {
    const response = await fetch(path, { headers: this.headers() });
    return response.ok ? response.json() : null;
  }

  /** One sentence as a clip. */
  async clip(body) {
    const headers = this.headers({ "content-type": "application/json" });
    const response = await fetch("v1/generate", { method: "POST", headers, body: JSON.stringify({ ...body, format: "mp4" }) });
    if (!response.ok) throw new ApiError(response.status, await response.json().catch(() => null), 0);
    return response.blob();
  }

  /** POST that answers parsed JSON, or null for anything but success. */
  async post(path, body) {
    const headers = this.headers({ "content-type": "application/json" });
    const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    return response.ok ? response.json() : null;
  }

  start() {
    this.attempt = 0;
    this.connect();
  }

  retryNow() {
    clearTimeout(this.timer);
    this.connect();
  }

  async connect() {
    const generation = ++this.generation;
    clearTimeout(this.timer);
    this.drop(LOST);
    this.hooks.onState("connecting", { attempt: this.attempt });
    try {
      // A session outlives a broken socket for a while: it remembers the conversation.
      const session = (await this.alive()) ? this.session : await this.create();
      if (generation !== this.generation) return;
      this.session = session;
      this.hooks.onSession(session);
      this.attach(generation);
    } catch (error) {
      if (generation === this.generation) this.failed(error);
    }
  }

  async create() {
    const response = await fetch("v1/sessions", {
      method: "POST",
      headers: this.headers({ "content-type": "application/json" }),
      body: JSON.stringify(this.hooks.request()),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const body = await response.json().catch(() => null);
    if (!response.ok) throw new ApiError(response.status, body, Number(response.headers.get("retry-after")) || 0);
    this.seq = 0;
    return body;
  }

  async alive() {
    if (!this.session) return false;
    const path = `v1/sessions/${encodeURIComponent(this.session.session_id)}`;
    const response = await fetch(path, { headers: this.headers(), signal: AbortSignal.timeout(ANSWER_MS) });
    if (response.ok) return true;
    // Only who says that there is none knows; a proxy without its server does not.
    if (response.status !== 404) throw new ApiError(response.status, await response.json().catch(() => null), 0);
    this.session = null;
    return false;
  }

  failed(error) {
    if (error instanceof ApiError && error.status === 401) {
      const had = sessionStorage.getItem(KEY_ITEM) !== null;
      sessionStorage.removeItem(KEY_ITEM);
      this.hooks.onState("unauthorized", { had });
    } else if (error instanceof ApiError && error.status < 500 && error.status !== 429 && error.status !== 408) {
      this.hooks.onState("refused", { error });
    } else {
      this.retryLater(error);
    }
  }

  retryLater(error) {
    const backoff = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.attempt);
    const wait = Math.max(backoff * (0.75 + Math.random() / 2), (error?.retryAfter ?? 0) * 1000);
    this.attempt++;
    this.hooks.onState("disconnected", { error, retryAt: performance.now() + wait });
    this.timer = setTimeout(() => this.connect(), wait);
  }

  /** A page that nobody looks at needs no session: it would expire again and again. */
  retryWhenSeen(error) {
    this.hooks.onState("disconnected", { error, retryAt: performance.now() });
    document.addEventListener("visibilitychange", () => { if (!this.open) this.retryNow(); }, { once: true });
  }

  attach(generation) {
    const { url, token } = this.session.stream;
    const target = new URL(url, location.href);
    target.protocol = target.protocol.replace("http", "ws");
    if (token && !target.searchParams.has("token")) target.searchParams.set("token", token);
    if (this.seq) target.searchParams.set("resume", this.seq);
    const socket = new WebSocket(target, [CBOR, JSON_TEXT]);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    const openedAt = performance.now();
    this.heardAt = -1;
    this.pingedAt = 0;
    socket.onopen = () => {
      this.attempt = 0;
      this.heardAt = performance.now();
      this.pinger = setInterval(() => this.keepAlive(), PING_EVERY_MS);
      this.hooks.onState("open", {});
    };
    socket.onmessage = ({ data }) => this.receive(data);
    socket.onclose = (event) => {
      if (generation !== this.generation || this.socket !== socket) return;
      clearInterval(this.pinger);
      if (this.heardAt < openedAt && this.attempt >= INSIST) this.session = null;
      this.socket = null;
      if (event.code === REPLACED) return this.failed(new ApiError(409, TAKEN, 0));
      const error = new Error(event.reason ? `The server closed the stream: ${event.reason}.` : "");
      if (this.heardAt < openedAt && this.attempt > 0) error.message = NO_SOCKETS;
      if (event.reason === EXPIRED && document.hidden) this.retryWhenSeen(error);
      else this.retryLater(error);
    };
  }

  receive(data) {
    this.heardAt = performance.now();
    let event;
    try {
      event = typeof data === "string" ? parseText(data) : decode(data);
    } catch (error) {
      this.hooks.onEvent({ type: "error", code: "client_decode", message: error.message, retryable: true });
      return;
    }
    const afresh = event.type === "session_ready" && !event.resumed;
    if (this.seq && event.seq !== this.seq + 1 && !afresh) this.gaps++;
    this.seq = event.seq;
    this.hooks.onEvent(event);
  }

  /** A browser may take a minute to notice that a connection is dead; the server waits half of one. */
  keepAlive() {
    const now = performance.now(), unanswered = this.pingedAt > this.heardAt;
    if (unanswered && now - this.pingedAt > DEAD_AFTER_MS) this.retryNow();
    else if (!unanswered && this.send({ type: "ping" })) this.pingedAt = now;
  }

  /** Sends one event; false if there is no open stream. */
  send(event) {
    if (!this.open) return false;
    this.socket.send(this.socket.protocol === CBOR ? encode(event) : JSON.stringify(event));
    return true;
  }

  drop(code) {
    clearInterval(this.pinger);
    const socket = this.socket;
    this.socket = null;
    socket?.close(code);
  }

  /** Ends the session on the server too. */
  close() {
    this.generation++;
    clearTimeout(this.timer);
    this.drop(1000);
    if (this.session) {
      fetch(`v1/sessions/${encodeURIComponent(this.session.session_id)}`, {
        method: "DELETE", headers: this.headers(), keepalive: true,
      }).catch(() => {});
      this.session = null;
    }
  }
}

/** JSON carries media as base64. */
function parseText(text) {
  const event = JSON.parse(text);
  if (typeof event.data === "string") event.data = Uint8Array.from(atob(event.data), (c) => c.charCodeAt(0));
  return event;
}
