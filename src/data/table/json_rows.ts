// Objects to rows of a table: which columns there are, what stands in them, and what to say of rows that lack some. For JSON and JSON Lines.
// Invariant: a row has a cell for each column, and what it lacks, or has beyond them, is counted and said.

import { RetraceError } from '../../protocol/errors.ts';
import type { ColumnKind } from '../../protocol/reading.ts';
import { countText, plural, rowsText } from '../../protocol/sentences.ts';
import { type JsonCell, JsonFault, JsonParser } from './json_value.ts';
import { type Column, cellTooLarge, MAX_CELL, MAX_COLUMNS, type Row } from './table.ts';

const LISTED = 5;

/** One object's cells by key. Errors: `not-json`, `not-rows`. */
export function objectCells(name: string, row: number, text: string): Map<string, JsonCell> {
  try {
    const parser = new JsonParser(text);
    if (parser.next !== '{') {
      parser.cell();
      parser.end();
      throw new RetraceError({
        code: 'not-rows',
        message: `Row ${row} of ${name} is not an object with a key for each column.`,
        where: `${name}, row ${row}`,
        remedy: 'Write each row as {"text": ..., "label": ...}: pandas does so by to_json(orient="records").',
      });
    }
    const cells = parser.cells();
    parser.end();
    for (const { text: cell } of cells.values()) if (cell.length > MAX_CELL) throw cellTooLarge(name, row, '');
    return cells;
  } catch (thrown) {
    if (!(thrown instanceof JsonFault)) throw thrown;
    throw new RetraceError({
      code: 'not-json',
      message: `Row ${row} of ${name} is not sound JSON: ${thrown.message}, at character ${thrown.at + 1} of the row.`,
      where: `${name}, row ${row}`,
      remedy: 'Correct this row, or export the file again; it may be cut off.',
    });
  }
}

/** Columns of the rows that were looked at, in the order in which they come. */
export function columnsOfObjects(name: string, rows: readonly ReadonlyMap<string, JsonCell>[]): Column[] {
  const found = new Map<string, Map<string, ColumnKind>>();
  for (const row of rows) {
    for (const [key, { kind, is }] of row) {
      const kinds = found.get(key) ?? new Map<string, ColumnKind>();
      if (kind !== 'empty') kinds.set(is, kind);
      found.set(key, kinds);
    }
  }
  // {"answers": null} beside {"answers": {"text": ...}} is no column of its own.
  const names = [...found.keys()];
  const outer = new Set(names.flatMap((key) => [...key].flatMap((letter, i) => (letter === '.' ? [key.slice(0, i)] : []))));
  const columns = names.filter((key) => !(outer.has(key) && (found.get(key)?.size ?? 0) === 0));
  if (columns.length > MAX_COLUMNS) {
    throw new RetraceError({
      code: 'too-many-columns',
      message: `The rows of ${name} have more than ${MAX_COLUMNS} different keys.`,
      where: name,
      remedy: 'Give every row the same keys, one for each column.',
    });
  }
  return columns.map((column) => ({ name: column, ...kindOf(found.get(column) ?? new Map()) }));
}

function kindOf(kinds: ReadonlyMap<string, ColumnKind>): { readonly kind: ColumnKind; readonly is: string } {
  const [first, ...others] = [...kinds];
  if (first === undefined) return { kind: 'empty', is: 'empty' };
  const [is, kind] = first;
  if (others.length === 0) return { kind, is };
  const all = [...kinds.values()];
  const odd = all.find((one) => one === 'object' || one === 'list');
  if (odd !== undefined) return { kind: odd, is: all.every((one) => one === 'list') ? 'lists' : `${[...kinds.keys()].join(' and ')}` };
  return { kind: 'text', is: [...kinds.keys()].join(' and ') };
}

/** Turns objects into rows of known columns, and keeps count of what does not fit. */
export class ObjectRows {
  readonly #name: string;
  readonly #columns: readonly Column[];
  readonly #wanted: readonly number[];
  readonly #places: ReadonlyMap<string, number>;
  readonly #lacking = new Map<number, { count: number; rows: number[] }>();
  readonly #unknown = new Map<string, number>();
  #rows = 0;

  constructor(name: string, columns: readonly Column[], wanted?: readonly number[]) {
    this.#name = name;
    this.#columns = columns;
    this.#wanted = wanted ?? columns.map((_, i) => i);
    this.#places = new Map(columns.map((column, i) => [column.name, i]));
  }

  row(number: number, cells: ReadonlyMap<string, JsonCell>): Row {
    this.#rows++;
    for (const [key, { kind }] of cells)
      if (!this.#places.has(key) && kind !== 'empty') this.#unknown.set(key, (this.#unknown.get(key) ?? 0) + 1);
    return {
      number,
      cells: this.#wanted.map((at) => {
        const column = this.#columns[at];
        const cell = column && cells.get(column.name);
        if (cell !== undefined) return cell.text;
        const lack = this.#lacking.get(at) ?? { count: 0, rows: [] };
        lack.count++;
        if (lack.rows.length < LISTED) lack.rows.push(number);
        this.#lacking.set(at, lack);
        return '';
      }),
    };
  }

  /** What people should know of the rows so far. */
  notes(): string[] {
    const lacking = [...this.#lacking].map(
      ([at, { count, rows }]) =>
        `${countText(count)} of the ${plural(this.#rows, 'row')} of ${this.#name} ${count === 1 ? 'has' : 'have'} no "${this.#columns[at]?.name}" and ${count === 1 ? 'is' : 'are'} read as empty there (${rowsText(rows, count)}).`,
    );
    const unknown = [...this.#unknown].slice(0, LISTED).map(([key, count]) => `"${key}" in ${count}`);
    const passed = `Keys that the first rows of ${this.#name} do not have are passed over: ${unknown.join(', ')} rows.`;
    return [...lacking, ...(unknown.length > 0 ? [passed] : [])];
  }
}
