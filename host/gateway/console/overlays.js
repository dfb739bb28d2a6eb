// What lies over the stage while there is no connection: what happened, and what helps.

let countdown = 0;

/** Shows what belongs to a state of the connection; an open one has nothing over it. */
export function overlay(view, state, { error, retryAt, attempt, had }) {
  clearInterval(countdown);
  if (state === "open") view.hideOverlay();
  if (state === "connecting" && !attempt) view.showOverlay({ title: "Connecting…", text: "A face is on its way." });
  if (state === "disconnected") {
    const offline = navigator.onLine === false;
    // What a browser says of a request that failed tells nobody anything.
    const said = error instanceof TypeError ? "" : error?.message;
    const text = offline ? "This device is offline." : said || "The server does not answer.";
    view.showOverlay({ title: "Connection lost", text, retry: true });
    const count = () => {
      const left = Math.max(0, Math.ceil((retryAt - performance.now()) / 1000));
      view.hint(left ? `Trying again in ${left} s.` : "Trying again…");
    };
    count();
    countdown = setInterval(count, 500);
  }
  if (state === "unauthorized") {
    const text = had ? "The server did not accept that key." : "This server asks for an API key.";
    view.showOverlay({ title: "Key needed", text, hint: "It is kept in this tab only, until you close it.", key: true });
  }
  if (state === "refused") {
    const title = error.code === "replaced" ? "Opened elsewhere" : "The server refused the session";
    view.showOverlay({ title, text: error.message, hint: advice(error), retry: true });
  }
}

function advice({ status, code, requestId }) {
  const id = requestId ? ` Request ${requestId}.` : "";
  if (code === "replaced") return "Retry to have it back here.";
  if (status === 403) return `Open this page as http://localhost, or give the server keys (TTH_API_KEYS).${id}`;
  if (status === 404) return `Is this page served by the right version of the server?${id}`;
  if (code.includes("persona")) return `Choose another persona and retry.${id}`;
  return `Check the choices on this page, then retry.${id}`;
}
