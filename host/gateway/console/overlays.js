// What lies over the stage while there is no connection: what happened, and what helps.

let countdown = 0;

/** Shows what belongs to a state of the connection; an open one has nothing over it. */
export function overlay(view, state, { error, retryAt, attempt, had }) {
  clearInterval(countdown);
  if (state === "open") view.hideOverlay();
  if (state === "connecting" && !attempt) view.showOverlay({ title: "Connecting…", text: "A face is on its way." });
  if (state === "disconnected") {
    const offline = navigator.onLine === false;
    const text = offline ? "This device is offline." : error?.status ? error.message : "The server does not answer.";
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
    view.showOverlay({ title: "The server refused the session", text: error.message, hint: advice(error), retry: true });
  }
}

function advice({ status, code, requestId }) {
  const id = requestId ? ` Request ${requestId}.` : "";
  if (status === 404) return `Is this page served by the right version of the server?${id}`;
  if (code.includes("persona")) return `Choose another persona and retry.${id}`;
  return `Check the choices on this page, then retry.${id}`;
}
