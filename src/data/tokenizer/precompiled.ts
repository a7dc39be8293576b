// SentencePiece's own normalizer: a double-array trie of byte sequences (Darts), each with what it becomes, as bytes in tokenizer.json. Follows the
// Rust library where that is odd: a cluster of up to five bytes becomes what its shortest known prefix becomes. Invariant: no place outside the array
// is read, whatever the bytes say.

import type { JsonCursor } from './json_cursor.ts';
import type { Normalizer } from './normalizer.ts';
import { isAscii } from './unicode/code_points.ts';
import { graphemes } from './unicode/graphemes.ts';

/** The largest that is known has 0.4 MB. */
const mostBytes = 16 << 20;

/** The longest that is known has 33. */
const mostReplaced = 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function precompiled(at: JsonCursor): Normalizer {
  const coded = at.string();
  if (coded.length > (mostBytes / 3) * 4) at.fail(`has more than ${mostBytes} bytes`);
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.from(atob(coded), (character) => character.charCodeAt(0));
  } catch {
    at.fail('is not base64');
  }
  const view = new DataView(bytes.buffer);
  const trieBytes = bytes.length >= 4 ? view.getUint32(0, true) : 0;
  if (bytes.length < 4 || 4 + trieBytes > bytes.length) at.fail(`says that its trie has ${trieBytes} bytes and has ${bytes.length} in all`);
  const units = Uint32Array.from({ length: trieBytes >>> 2 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const targets = bytes.subarray(4 + 4 * units.length);
  const made = new Map<string, string | undefined>();

  const offset = (unit: number): number => (unit >>> 10) << ((unit & 0x200) >>> 6);
  const outside = (): never => at.fail('has a trie that points past its end');

  /** What the shortest known prefix of `chunk` becomes. */
  function find(chunk: string): string | undefined {
    let node = 0;
    let unit = units[0] ?? outside();
    node ^= offset(unit);
    for (const byte of encoder.encode(chunk)) {
      if (byte === 0) return undefined;
      node ^= byte;
      unit = units[node] ?? outside();
      if ((unit & 0x800000ff) >>> 0 !== byte) return undefined;
      node ^= offset(unit);
      if (((unit >>> 8) & 1) === 1) {
        const begin = (units[node] ?? outside()) & 0x7fffffff;
        const zero = targets.indexOf(0, begin);
        const end = zero < 0 ? targets.length : zero;
        if (end - begin > mostReplaced)
          at.fail(`replaces a character by ${end - begin} bytes; ${mostReplaced} is the most that Retrace takes`);
        return decoder.decode(targets.subarray(begin, end));
      }
    }
    return undefined;
  }

  function become(chunk: string): string | undefined {
    if (made.has(chunk)) return made.get(chunk);
    const found = find(chunk);
    if (made.size > 65_536) made.clear();
    made.set(chunk, found);
    return found;
  }

  return {
    local: false,
    normalize(draft, work) {
      const { text } = draft;
      let normalized = '';
      const characters = (cluster: string): void => {
        for (const character of cluster) {
          normalized += become(character) ?? character;
          work.hold(normalized.length, at.path);
        }
      };
      if (isAscii(text) && !text.includes('\r\n')) characters(text);
      else {
        for (const cluster of graphemes(text)) {
          const short = cluster.length < 6 && (cluster.length === 1 || encoder.encode(cluster).length < 6);
          const whole = short ? become(cluster) : undefined;
          if (whole === undefined) characters(cluster);
          else normalized += whole;
          work.hold(normalized.length, at.path);
        }
      }
      draft.text = normalized;
    },
  };
}
