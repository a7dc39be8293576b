// Token ids of texts as rows for a language model: each text a row, or all of them joined and cut into rows of one length. Pure.
// Invariant: no id is lost or doubled but those that are said to be: what a row cuts off, and the rest of the joined ids that fills no row.

/** Each text a row, cut at `maxLength`, as lines are read. A text of no ids is none. */
export const lineRows = (texts: Iterable<readonly number[]>, maxLength: number): number[][] =>
  [...texts].flatMap((ids) => (ids.length === 0 ? [] : [ids.slice(0, maxLength)]));

/**
 * The texts' ids joined, `between` behind each but the last, and cut into rows of exactly `maxLength`; the rest is dropped, as Transformers' run_clm.py has it
 * (`group_texts`). Where there is less than one row in all, that is the one row. A text of no ids is none.
 */
export function packedRows(texts: Iterable<readonly number[]>, maxLength: number, between: number): number[][] {
  const rows: number[][] = [];
  let row: number[] = [];
  const put = (id: number): void => {
    row.push(id);
    if (row.length < maxLength) return;
    rows.push(row);
    row = [];
  };
  let first = true;
  for (const ids of texts) {
    if (ids.length === 0) continue;
    if (!first) put(between);
    first = false;
    for (const id of ids) put(id);
  }
  return rows.length === 0 && row.length > 0 ? [row] : rows;
}
