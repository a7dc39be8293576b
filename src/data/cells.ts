// What one cell of a table holds: a number, an id, words. Forms only: nothing here knows columns, roles or labels.
// Invariant: what is a number does not depend on the reader's locale.

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const THOUSANDS = /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?$/;
const DECIMAL_COMMA = /^[+-]?\d*,\d+$/;

/** The number that a cell is, or undefined: `3`, `-1.50`, `1e-3`, `1,5` (a decimal comma), `1,000` (a thousand). */
export function numberOf(cell: string): number | undefined {
  const plain = cell.normalize('NFKC').trim().replace(/^[−–]/, '-');
  if (NUMBER.test(plain)) return Number(plain);
  if (THOUSANDS.test(plain)) return Number(plain.replaceAll(',', ''));
  return DECIMAL_COMMA.test(plain) ? Number(plain.replace(',', '.')) : undefined;
}

// Scripts that put no spaces between words: there each character counts for one.
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/gu;

/** How many words a cell has, roughly. */
export function wordCount(cell: string): number {
  const spaced = cell.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
  return Math.max(spaced, cell.match(UNSPACED)?.length ?? 0);
}

/** One token without spaces that nobody reads: a number, `a3f9c2`, `msg-0017`, a UUID, a link. */
export function looksLikeId(cell: string): boolean {
  if (!/^[\x21-\x7e]+$/.test(cell)) return false;
  return /\d/.test(cell) || /^(?:https?:\/\/|www\.)/i.test(cell) || /^[0-9a-f]{8,}$/i.test(cell);
}
