// What stands in a column, from its cells. Knows no format.

import type { ColumnKind } from '../../protocol/reading.ts';

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const BOOLEAN = /^(?:true|false)$/i;

/** The kind of a column of texts: numbers where every cell that is not empty is one. */
export function kindOfTexts(cells: readonly string[]): { readonly kind: ColumnKind; readonly is: string } {
  const filled = cells.map((cell) => cell.trim()).filter((cell) => cell !== '');
  if (filled.length === 0) return { kind: 'empty', is: 'empty' };
  if (filled.every((cell) => NUMBER.test(cell))) return { kind: 'number', is: 'numbers' };
  if (filled.every((cell) => BOOLEAN.test(cell))) return { kind: 'boolean', is: 'true or false' };
  return { kind: 'text', is: 'text' };
}
