// Tables from texts that a test spells out, at once.

import { bytesOf } from '../../formats/bytes.ts';
import type { ReadingSettings } from '../../protocol/reading.ts';
import { refuseOther } from './binary.ts';
import { begin } from './delimited.ts';
import { DelimitedRows } from './delimited_rows.ts';
import { beginningOf } from './encoding.ts';
import type { Table } from './table.ts';

/** A delimited file in memory, as `openTable` and `readTable` read it. */
export function parseTable(name: string, content: Uint8Array | string, settings: ReadingSettings = {}): Table {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  refuseOther(name, bytes);
  const { encoding, sample: text } = beginningOf(bytesOf(name, bytes), bytes, settings);
  const begun = begin(name, text, encoding, settings, 'whole');
  if (begun === undefined) throw new Error('a whole text has its first row');
  const { dialect, columns, reading } = begun;
  const reader = new DelimitedRows(name, dialect, reading.header);
  const rows = [...reader.push(text), ...reader.end()];
  return {
    name,
    columns: columns.map((column) => column.name),
    rows: rows.map(({ cells }) => cells),
    rowNumbers: rows.map(({ number }) => number),
    header: reading.header,
    kinds: columns,
    reading,
    ...(reader.notes().length > 0 ? { notes: reader.notes() } : {}),
  };
}
