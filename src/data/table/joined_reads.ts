// Fewer and longer reads of a source where each read is a request: ranges that will be read are joined to neighbours and fetched together. Knows nothing of what
// is read. Invariant: of what lies between ranges no more is fetched than GAP bytes at a time, and no more is held than a few pieces.

import type { ByteSource } from '../../formats/bytes.ts';

/** What lies between two ranges is fetched too where it is shorter: a request takes longer than these bytes. */
const GAP = 64 * 1024;
/** Bytes of one request. */
const MOST = 4 * 2 ** 20;
/** Pieces held: columns are read side by side, each in a piece of its own, and now and then from a little before. */
const HELD = 8;
/** What is looked at of a file before its rows are: a footer is rarely longer. */
const END = 64 * 1024;

type Range = readonly [begin: number, end: number];

function piecesOf(ranges: readonly Range[]): Range[] {
  const joined: [number, number][] = [];
  for (const [begin, end] of ranges.filter(([from, to]) => to > from).sort(([a], [b]) => a - b)) {
    const last = joined.at(-1);
    if (last === undefined || begin - last[1] > GAP) joined.push([begin, end]);
    else last[1] = Math.max(last[1], end);
  }
  return joined.flatMap(([begin, end]) => {
    const count = Math.ceil((end - begin) / MOST);
    return Array.from({ length: count }, (_, i): Range => [begin + i * MOST, Math.min(end, begin + (i + 1) * MOST)]);
  });
}

/** The source, whose reads within `ranges` are served from requests that fetch as much as goes together. */
export function joinedReads(source: ByteSource, ranges: readonly Range[]): ByteSource {
  const pieces = piecesOf(ranges);
  /** The last used stand last. */
  const held = new Map<number, Promise<Uint8Array>>();

  /** The last piece that begins at or before a byte. */
  function pieceBefore(at: number): number {
    let [low, high] = [0, pieces.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pieces[middle]?.[0] ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  function fetched(index: number, [begin, end]: Range): Promise<Uint8Array> {
    const bytes = held.get(index) ?? source.read(begin, end);
    held.delete(index);
    held.set(index, bytes);
    // What failed is asked for anew by who reads it next.
    bytes.catch(() => held.delete(index));
    for (const oldest of held.keys()) if (held.size > HELD) held.delete(oldest);
    return bytes;
  }

  return {
    name: source.name,
    size: source.size,
    async read(begin, end) {
      const out = new Uint8Array(end - begin);
      for (let at = begin; at < end; ) {
        const index = pieceBefore(at);
        const piece = pieces[index];
        if (piece !== undefined && at < piece[1]) {
          const bytes = await fetched(index, piece);
          const part = bytes.subarray(at - piece[0], Math.min(end, piece[1]) - piece[0]);
          out.set(part, at - begin);
          at += part.length;
          continue;
        }
        const upTo = Math.min(end, pieces[index + 1]?.[0] ?? end);
        out.set(await source.read(at, upTo), at - begin);
        at = upTo;
      }
      return out;
    },
  };
}

/** The source, whose last bytes come by one request: a footer's length and then the footer are asked for. */
export const endFirst = (source: ByteSource): ByteSource => joinedReads(source, [[Math.max(0, source.size - END), source.size]]);
