// CBOR (RFC 8949), the part the stream needs: maps with text keys, arrays, text, byte strings,
// integers within the safe range, floats, booleans and null. Refuses anything else.

const TEXT_OUT = new TextEncoder();
const TEXT_IN = new TextDecoder("utf-8", { fatal: true });
const BREAK = Symbol("break");
const MAX_DEPTH = 32;

/** Encodes a plain value into one CBOR item. */
export function encode(value) {
  const out = [];
  write(out, value);
  return new Uint8Array(out);
}

function head(out, major, n) {
  const m = major << 5;
  if (n < 24) out.push(m | n);
  else if (n < 0x100) out.push(m | 24, n);
  else if (n < 0x10000) out.push(m | 25, n >> 8, n & 255);
  else if (n < 0x100000000) out.push(m | 26, (n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255);
  else {
    const high = Math.floor(n / 0x100000000), low = n >>> 0;
    out.push(m | 27);
    for (const word of [high, low]) out.push((word >>> 24) & 255, (word >>> 16) & 255, (word >>> 8) & 255, word & 255);
  }
}

function write(out, value) {
  if (value === null || value === undefined) out.push(0xf6);
  else if (value === true) out.push(0xf5);
  else if (value === false) out.push(0xf4);
  else if (typeof value === "number") {
    if (Number.isSafeInteger(value)) value >= 0 ? head(out, 0, value) : head(out, 1, -1 - value);
    else {
      const view = new DataView(new ArrayBuffer(8));
      view.setFloat64(0, value);
      out.push(0xfb, ...new Uint8Array(view.buffer));
    }
  } else if (typeof value === "string") {
    const bytes = TEXT_OUT.encode(value);
    head(out, 3, bytes.length);
    for (const b of bytes) out.push(b);
  } else if (value instanceof Uint8Array) {
    head(out, 2, value.length);
    for (const b of value) out.push(b);
  } else if (Array.isArray(value)) {
    head(out, 4, value.length);
    for (const item of value) write(out, item);
  } else {
    const entries = Object.entries(value).filter(([, v]) => v !== undefined);
    head(out, 5, entries.length);
    for (const [key, item] of entries) { write(out, key); write(out, item); }
  }
}

/** Decodes one CBOR item. Byte strings are views into the given buffer. Throws on bad input. */
export function decode(buffer) {
  const reader = { view: new DataView(buffer), at: 0 };
  const value = read(reader, 0);
  if (reader.at !== buffer.byteLength) throw new Error("CBOR: bytes after the item");
  return value;
}

function argument(r, info) {
  const { view } = r;
  const at = r.at;
  switch (info) {
    case 24: r.at += 1; return view.getUint8(at);
    case 25: r.at += 2; return view.getUint16(at);
    case 26: r.at += 4; return view.getUint32(at);
    case 27: r.at += 8; return Number(view.getBigUint64(at));
    default:
      if (info < 24) return info;
      throw new Error("CBOR: reserved length");
  }
}

function bytes(r, length) {
  const slice = new Uint8Array(r.view.buffer, r.at, length);
  r.at += length;
  return slice;
}

function read(r, depth) {
  if (depth > MAX_DEPTH) throw new Error("CBOR: nested too deeply");
  const initial = r.view.getUint8(r.at++);
  const major = initial >> 5, info = initial & 31;
  if (major === 7) return simple(r, info);
  if (info === 31) return indefinite(r, major, depth);
  const n = argument(r, info);
  switch (major) {
    case 0: return n;
    case 1: return -1 - n;
    case 2: return bytes(r, n);
    case 3: return TEXT_IN.decode(bytes(r, n));
    case 4: { const list = []; for (let i = 0; i < n; i++) list.push(read(r, depth + 1)); return list; }
    case 5: { const map = {}; for (let i = 0; i < n; i++) { const key = read(r, depth + 1); map[key] = read(r, depth + 1); } return map; }
    default: return read(r, depth + 1); // a tag: its content is what we want
  }
}

function simple(r, info) {
  switch (info) {
    case 20: return false;
    case 21: return true;
    case 22: case 23: return null;
    case 25: return half(argument(r, 25));
    case 26: r.at += 4; return r.view.getFloat32(r.at - 4);
    case 27: r.at += 8; return r.view.getFloat64(r.at - 8);
    case 31: return BREAK;
    default: throw new Error("CBOR: unknown simple value");
  }
}

function half(h) {
  const exponent = (h >> 10) & 31, fraction = h & 1023;
  const magnitude = exponent === 0 ? fraction * 2 ** -24
    : exponent === 31 ? (fraction ? NaN : Infinity)
    : (1024 + fraction) * 2 ** (exponent - 25);
  return h & 0x8000 ? -magnitude : magnitude;
}

function indefinite(r, major, depth) {
  const items = [];
  for (let item = read(r, depth + 1); item !== BREAK; item = read(r, depth + 1)) items.push(item);
  switch (major) {
    case 3: return items.join("");
    case 4: return items;
    case 5: { const map = {}; for (let i = 0; i + 1 < items.length; i += 2) map[items[i]] = items[i + 1]; return map; }
    case 2: {
      const whole = new Uint8Array(items.reduce((sum, part) => sum + part.length, 0));
      let at = 0;
      for (const part of items) { whole.set(part, at); at += part.length; }
      return whole;
    }
    default: throw new Error("CBOR: bad indefinite item");
  }
}
