// Small pictures of the personas' faces: the first frame of a one-word clip, made once in a tab.
//
// Only where voice and face are embedded. There a clip costs a fraction of a second of the CPU;
// elsewhere it may cost money, and the cards keep their initials.

const ITEM = "tth-still-";
const WORD = "Hi.";

/**
 * Pictures one after the other, each only while nobody is speaking.
 * @param {import("./stream.js").Stream} stream
 * @param {{id: string, look?: string}[]} personas
 * @param {() => Promise<void>} quiet resolves when the page has nothing better to do
 * @param {(id: string, source: string) => void} onPicture
 */
export async function takeStills(stream, personas, quiet, onPicture) {
  const missing = [];
  for (const persona of personas) {
    const kept = sessionStorage.getItem(item(persona));
    if (kept) onPicture(persona.id, kept);
    else missing.push(persona);
  }
  if (!missing.length || !(await costsNothing(stream))) return;
  for (const persona of missing) {
    await quiet();
    const source = await still(stream, persona);
    if (!source) return;
    onPicture(persona.id, source);
    try {
      sessionStorage.setItem(item(persona), source);
    } catch { /* full or forbidden: the next page makes it again */ }
  }
}

function item({ id, look }) { return `${ITEM}${id}/${look ?? ""}`; }

async function costsNothing(stream) {
  const answer = await stream.get("v1/models").catch(() => null);
  const serving = (answer?.models ?? []).filter(({ primary, role }) => primary && (role === "tts" || role === "avatar"));
  return serving.length === 2 && serving.every(({ mode }) => mode === "embedded");
}

async function still(stream, { id }) {
  const body = { text: WORD, mode: "say", persona_id: id, format: "json", render: { fps: 1, resolution: "256x256" } };
  const answer = await stream.post("v1/generate", body).catch(() => null);
  const { codec, frames } = answer?.video ?? {};
  const data = frames?.[0]?.data;
  return codec === "jpeg" && data ? `data:image/jpeg;base64,${data}` : null;
}
