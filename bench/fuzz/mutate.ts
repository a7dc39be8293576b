// Damage for files, drawn from a seed: bits, fields, chunks, and values of JSON. Knows no format beyond "bytes" and "JSON text".
// Invariant: the same seed and index give the same bytes anywhere, so a finding is two numbers.

import { randomKey, randomUniform, siteId } from '../../src/random/counter.ts';

export class Draw {
  readonly #key: number;
  #next = 0;

  constructor(format: string, seed: number, index: number) {
    this.#key = randomKey(seed, index, siteId(`fuzz.${format}`));
  }

  /** A whole number below `n`. */
  below(n: number): number {
    return Math.floor(randomUniform(this.#key, this.#next++) * n);
  }

  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }
}

export type Mutator = (draw: Draw, samples: readonly Uint8Array[]) => Uint8Array;

const joined = (...parts: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

const extremes = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

/** One piece of damage each. `at` and `end` are a stretch of the bytes, mostly short. */
const byteDamage: readonly ((draw: Draw, bytes: Uint8Array, at: number, end: number, samples: readonly Uint8Array[]) => Uint8Array)[] = [
  (draw, bytes, at) => {
    const changed = bytes.slice();
    for (let i = draw.below(8); i >= 0; i--) {
      const place = i === 0 ? at : draw.below(bytes.length);
      changed[place] = (changed[place] ?? 0) ^ (1 << draw.below(8));
    }
    return changed;
  },
  (draw, bytes, at) => {
    const changed = bytes.slice();
    changed[at] = draw.of([0, 9, 10, 13, 0x22, 0x2c, 0x5b, 0x7b, 0x80, 0xff]);
    return changed;
  },
  // A field of 2, 4 or 8 bytes, as a length or an offset would be.
  (draw, bytes, at) => {
    const changed = bytes.slice();
    const width = draw.of([2, 4, 8]);
    if (at + width > bytes.length) return changed.slice(0, at);
    const view = new DataView(changed.buffer);
    const value = draw.below(3) === 0 ? draw.below(2 * bytes.length) : draw.of(extremes);
    if (width === 2) view.setUint16(at, value & 0xffff, true);
    else if (width === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, draw.below(2) === 0 ? BigInt(value) : 0xffffffffffffffffn - BigInt(value), true);
    return changed;
  },
  (_, bytes, at) => bytes.slice(0, at),
  (_, bytes, at) => bytes.slice(at),
  (_, bytes, at, end) => joined(bytes.subarray(0, at), bytes.subarray(end)),
  (_, bytes, at, end) => joined(bytes.subarray(0, end), bytes.subarray(at, end), bytes.subarray(end)),
  (draw, bytes, at, end) => {
    const to = draw.below(bytes.length);
    return joined(bytes.subarray(0, to), bytes.subarray(at, end), bytes.subarray(to));
  },
  (draw, bytes, at) =>
    joined(
      bytes.subarray(0, at),
      Uint8Array.from({ length: 1 + draw.below(16) }, () => draw.below(256)),
      bytes.subarray(at),
    ),
  // A stretch many times over: what is quadratic shows.
  (draw, bytes, at, end) =>
    joined(
      bytes.subarray(0, at),
      ...Array.from({ length: 200 + draw.below(2000) }, () => bytes.subarray(at, Math.min(end, at + 8))),
      bytes.subarray(at),
    ),
  (draw, bytes, at, _, samples) => {
    const other = draw.of(samples);
    return joined(bytes.subarray(0, at), other.subarray(draw.below(other.length)));
  },
];

/** One to three pieces of damage to one of the samples. */
export const damagedBytes: Mutator = (draw, samples) => {
  let bytes = draw.of(samples);
  for (let times = 1 + draw.below(3); times > 0 && bytes.length > 0; times--) {
    const at = draw.below(bytes.length);
    const end = Math.min(bytes.length, at + 1 + (draw.below(4) === 0 ? draw.below(bytes.length) : draw.below(32)));
    bytes = draw.of(byteDamage)(draw, bytes, at, end, samples);
  }
  return bytes;
};

const deep = `${'['.repeat(20_000)}1${']'.repeat(20_000)}`;

/** JSON texts to put in place of a value. */
const oddValues: readonly ((draw: Draw) => string)[] = [
  (draw) =>
    draw.of([
      '0',
      '-1',
      '1',
      '1.5',
      '-0',
      '1e300',
      '-1e300',
      '1e999',
      '1e-320',
      '9007199254740992',
      '9007199254740993',
      '4294967296',
      '4294967295',
      '2147483648',
      '65536',
      '1000000000',
      '5e9',
    ]),
  (draw) =>
    draw.of([
      'null',
      'true',
      'false',
      '{}',
      '[]',
      '""',
      '[[]]',
      '{"a":1}',
      '"__proto__"',
      '"constructor"',
      '"toString"',
      '"\\u0000"',
      '"\\ud800"',
      '"\\u202e"',
      '"a\\nb"',
      '"../../x"',
      '".*"',
      '"(a+)+$"',
    ]),
  (draw) => String(draw.below(2 ** 20) / (draw.below(2) === 0 ? 1 : 1000)),
  () => JSON.stringify('x'.repeat(5000)),
  () => deep,
  (draw) => `[${Array.from({ length: 1 + draw.below(3000) }, () => draw.of(['1', '"a"', 'null', '-1'])).join(',')}]`,
];

interface Span {
  readonly begin: number;
  readonly end: number;
}

/** Where the values of a JSON text lie that hold no others. */
function leaves(json: string): Span[] {
  return [...json.matchAll(/"(?:[^"\\]|\\.){0,2000}"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|\[\]|\{\}/g)].map(
    ({ index, 0: text }) => ({
      begin: index,
      end: index + text.length,
    }),
  );
}

/** JSON with one to three of its values, or keys, put in place of others. */
function damagedJson(draw: Draw, json: string): string {
  let text = json;
  for (let times = 1 + draw.below(3); times > 0; times--) {
    const found = leaves(text);
    const span = found[draw.below(found.length)];
    if (!span) return text;
    const isKey = /^\s*:/.test(text.slice(span.end, span.end + 8));
    const other = draw.of(found);
    const value = isKey
      ? draw.of(['"__proto__"', '"constructor"', '"length"', text.slice(other.begin, other.end), '"x"'])
      : draw.below(4) === 0
        ? text.slice(other.begin, other.end)
        : draw.of(oddValues)(draw);
    text = text.slice(0, span.begin) + value + text.slice(span.end);
  }
  return text;
}

/** Values of a JSON file changed, or its bytes. */
export const damagedJsonFile: Mutator = (draw, samples) =>
  draw.below(4) === 0
    ? damagedBytes(draw, samples)
    : new TextEncoder().encode(damagedJson(draw, new TextDecoder().decode(draw.of(samples))));

/** Values in the JSON header of a safetensors file changed, its length made to fit; or bytes of the file. */
export const damagedSafetensors: Mutator = (draw, samples) => {
  if (draw.below(2) === 0) return damagedBytes(draw, samples);
  const bytes = draw.of(samples);
  const end = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = new TextEncoder().encode(damagedJson(draw, new TextDecoder().decode(bytes.subarray(8, end))));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);
  return joined(length, header, bytes.subarray(end));
};
