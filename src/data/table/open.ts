// A file as a table, whatever its format: told by its first bytes and its content; the extension decides nothing that content does.

import type { ByteSource } from '../../formats/bytes.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { ReadingSettings } from '../../protocol/reading.ts';
import { openDelimited } from './delimited.ts';
import type { TableSource } from './table.ts';

const ascii = (text: string): readonly number[] => [...new TextEncoder().encode(text)];

/** What people have in place of a table, by its first bytes. */
const OTHER_FILES: readonly { readonly is: string; readonly begins: readonly number[] }[] = [
  { is: 'a Parquet file', begins: ascii('PAR1') },
  { is: 'a zip archive or an Excel workbook', begins: ascii('PK\u0003\u0004') },
  { is: 'a gzip archive', begins: [0x1f, 0x8b] },
  { is: 'a PDF document', begins: ascii('%PDF') },
];

/** JSON Lines have commas and quotes enough to look like a table of nonsense. */
function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  const begins = text.trimStart();
  const line = /^[^\r\n]*/.exec(begins)?.[0] ?? '';
  return [line, begins].some((whole) => {
    try {
      return typeof JSON.parse(whole) === 'object';
    } catch {
      return false;
    }
  });
}

export function refuseOther(name: string, first: Uint8Array): void {
  const other = OTHER_FILES.find(({ begins }) => begins.every((byte, i) => first[i] === byte));
  const is = other?.is ?? (isJson(new TextDecoder().decode(first)) ? 'JSON' : undefined);
  if (is === undefined) return;
  throw new RetraceError({
    code: 'not-a-table',
    message: `${name} is ${is}, not a CSV or TSV.`,
    where: name,
    remedy: 'Save it as CSV (UTF-8) with a column of texts and a column of labels: spreadsheets export it, and pandas writes it by to_csv.',
  });
}

/** Its columns and how it is read; no more than its beginning is looked at. Errors: `not-a-table`, and those of the format. */
export async function openTable(file: ByteSource, settings: ReadingSettings = {}): Promise<TableSource> {
  refuseOther(file.name, await file.read(0, Math.min(file.size, 2 ** 20)));
  return openDelimited(file, settings);
}
