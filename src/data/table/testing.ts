// Tables from texts that a test spells out, at once.

import type { ReadingSettings } from '../../protocol/reading.ts';
import { begin, DelimitedRows } from './delimited.ts';
import { findEncoding, TextDecoding } from './encoding.ts';
import { refuseOther } from './open.ts';
import type { Table } from './table.ts';

/** A delimited file in memory, as `openTable` and `readTable` read it. */
export function parseTable(name: string, content: Uint8Array | string, settings: ReadingSettings = {}): Table {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  refuseOther(name, bytes);
  const encoding = findEncoding(bytes, settings.encoding);
  const text = new TextDecoding(name, encoding).push(bytes.subarray(encoding.mark), 'last');
  const { dialect, columns, reading } = begin(name, text, encoding, settings, 'whole');
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
  };
}
