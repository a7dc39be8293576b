// A file as a table, whatever its format: told by its first bytes and its content; the extension decides nothing that content does.

import type { ByteSource } from '../../formats/bytes.ts';
import type { ReadingSettings } from '../../protocol/reading.ts';
import { notATable, refuseOther } from './binary.ts';
import { openDelimited } from './delimited.ts';
import { BEGINNING, beginningOf } from './encoding.ts';
import { jsonBeginning, openJson } from './json.ts';
import type { TableSource } from './table.ts';

const ascii = (text: string): readonly number[] => [...new TextEncoder().encode(text)];

const PARQUET = ascii('PAR1');

/** A list of anything but objects: numbers, texts, lists. A text that begins with a bracket is a text. */
function isOtherJson(text: string): boolean {
  if (!/^\s*\[/.test(text)) return false;
  const [line = ''] = /^[^\r\n]*/.exec(text.trimStart()) ?? [];
  return [line, text].some((whole) => {
    try {
      return Array.isArray(JSON.parse(whole));
    } catch {
      return false;
    }
  });
}

/** Its columns and how it is read; no more than its beginning is looked at. Errors: `not-a-table`, and those of the format. */
export async function openTable(file: ByteSource, settings: ReadingSettings = {}): Promise<TableSource> {
  const first = await file.read(0, Math.min(file.size, BEGINNING));
  refuseOther(file.name, first);
  if (PARQUET.every((byte, i) => first[i] === byte)) {
    const table = await (await import('./parquet.ts')).openParquet(file);
    if (!table.columns.some(({ kind }) => kind === 'image')) return table;
    // Of more pictures than will be kept some row groups alone are read, as on the hub.
    return (await import('./parquet_files.ts')).openParquetFiles({ name: file.name, files: [file] });
  }
  const beginning = beginningOf(file, first, settings);
  // Who says which separator a file has says that it is delimited.
  if (settings.separator === undefined) {
    if (jsonBeginning(beginning.sample) !== undefined) return openJson(beginning);
    if (isOtherJson(beginning.sample)) throw notATable(file.name, 'is JSON, but no list of objects');
  }
  return openDelimited(beginning);
}
