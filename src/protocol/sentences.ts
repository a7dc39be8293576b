// Counts, lists and row numbers as sentences have them: in errors, warnings and reports, here and on the page. Not here: sizes, times and shares, which the
// terminal (cli/format.ts) and the page (app/ui/format.ts) write each in its own way, and foreign values (shown.ts).

const grouped = new Intl.NumberFormat('en-US');

/** `12,345,678` */
export const countText = (count: number): string => grouped.format(count);

/** `1 row`, `2,000 rows` */
export const plural = (count: number, one: string, many = `${one}s`): string => `${countText(count)} ${count === 1 ? one : many}`;

/** `16`; `16 in micro-batches of 4`, where fewer examples go through at a time. */
export const batchText = ({ batch, micro_batch = batch }: { readonly batch: number; readonly micro_batch?: number | undefined }): string =>
  `${batch}${micro_batch < batch ? ` in micro-batches of ${micro_batch}` : ''}`;

/** `a`, `a and b`, `a, b and c`; where fewer are shown than there are, `a, b, c and 40 more`. `all`: how many there are, where not all are given. */
export function listText(parts: readonly string[], shown = parts.length, all = parts.length): string {
  const first = parts.slice(0, shown);
  const more = all - first.length;
  const last = more > 0 ? `${countText(more)} more` : first.pop();
  return [first.join(', '), last].filter(Boolean).join(' and ');
}

/** `row 3`; `rows 3, 7, 12, 13, 20 and 40 more`: enough rows to find a fault, not all of them. `all`: how many there are, where not all are given. */
export const rowsText = (numbers: readonly number[], all = numbers.length, shown = 5): string =>
  `${all === 1 ? 'row' : 'rows'} ${listText(numbers.map(String), shown, all)}`;
