// What the user's controls are called, and where feelings stand on the circumplex of affect.

/**
 * The ten labels: valence and arousal, each -1 to 1, at full intensity.
 *
 * The same numbers as the control mapper's (components/control-mapper/src/emotion.rs), read off
 * figure 4 of J. A. Russell, "A circumplex model of affect", Journal of Personality and Social
 * Psychology 39 (1980), 1161-1178.
 */
export const PLACES = {
  neutral: [0, 0],
  joy: [0.85, 0.55],
  sadness: [-0.65, -0.25],
  anger: [-0.5, 0.6],
  fear: [-0.35, 0.65],
  surprise: [0.15, 0.9],
  disgust: [-0.55, 0.4],
  calm: [0.55, -0.3],
  excited: [0.6, 0.75],
  tender: [0.75, 0.2],
};

/** Nearer to the centre than this, a feeling is neutral: the mapper's own limit. */
const FAINT = 0.25;

/** The controls of the report, in its order: the contract's name and the user's. */
export const CONTROLS = {
  "emotion.label": "Emotion",
  "emotion.intensity": "Intensity",
  "emotion.valence": "Pleasantness",
  "emotion.arousal": "Energy",
  "character.persona_id": "Persona",
  "character.speech_rate": "Speaking rate",
  "character.pitch_shift": "Pitch",
  "character.expressivity": "Expressivity",
  "character.motion_gain": "Motion",
};

export const STAGES = { llm: "Mind", tts: "Voice", avatar: "Face" };

/** A control's name as clients send it; the contract itself writes hyphens. */
export function controlName(name) { return String(name).replaceAll("-", "_"); }

/** The user's arousal (0 to 1) as the circumplex has it, and back. */
export const toCircle = (arousal) => arousal * 2 - 1;
export const fromCircle = (arousal) => Math.round((arousal + 1) * 500) / 1000;

/** Where a label of this intensity stands. */
export function placeOf(label, intensity = 1) {
  return (PLACES[label] ?? PLACES.neutral).map((coordinate) => coordinate * intensity);
}

/** The label whose direction is nearest, as the mapper decides it. */
export function nearestLabel([v, a]) {
  const radius = Math.hypot(v, a);
  if (radius < FAINT) return "neutral";
  let best = "neutral", least = Infinity;
  for (const [label, [lv, la]] of Object.entries(PLACES)) {
    const length = Math.hypot(lv, la);
    if (!length) continue;
    const off = Math.hypot(lv / length - v / radius, la / length - a / radius);
    if (off < least) [best, least] = [label, off];
  }
  return best;
}

/** A place in words: "pleasant 0.6, aroused 0.8, near joy". */
export function placeInWords([v, a]) {
  const side = (value, low, high, none) => {
    const size = Math.round(Math.abs(value) * 100) / 100;
    return size ? `${value < 0 ? low : high} ${size}` : none;
  };
  const valence = side(v, "unpleasant", "pleasant", "neither pleasant nor unpleasant");
  const arousal = side(a, "calm", "aroused", "neither calm nor aroused");
  if (!Math.round(v * 100) && !Math.round(a * 100)) return "neutral, in the middle";
  return `${valence}, ${arousal}, near ${nearestLabel([v, a])}`;
}

/** Media time for people: "0:12.4". */
export function mediaTime(us) {
  const tenths = Math.max(0, Math.round(us / 100_000));
  const seconds = tenths % 600;
  return `${Math.floor(tenths / 600)}:${String(Math.floor(seconds / 10)).padStart(2, "0")}.${seconds % 10}`;
}
