// A file as a table, whatever its format: told by its first bytes and its content; the extension decides nothing that content does.

import type { ByteSource } from '../../formats/bytes.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { ReadingSettings } from '../../protocol/reading.ts';
import { openDelimited } from './delimited.ts';
import { BEGINNING, findEncoding, TextDecoding } from './encoding.ts';
import { jsonBeginning, openJson } from './json.ts';
import type { TableSource } from './table.ts';

const ascii = (text: string): readonly number[] => [...new TextEncoder().encode(text)];

const PARQUET = ascii('PAR1');

/** What people have in place of a table, by its first bytes. */
const OTHER_FILES: readonly { readonly is: string; readonly begins: readonly number[] }[] = [
  { is: 'a zip archive or an Excel workbook', begins: ascii('PK\u0003\u0004') },
  { is: 'a gzip archive', begins: [0x1f, 0x8b] },
  { is: 'a PDF document', begins: ascii('%PDF') },
];

export function refuseOther(name: string, first: Uint8Array): void {
  const other = OTHER_FILES.find(({ begins }) => begins.every((byte, i) => first[i] === byte));
  if (other !== undefined) refuse(name, `is ${other.is}`);
}

function refuse(name: string, is: string): never {
  throw new RetraceError({
    code: 'not-a-table',
    message: `${name} ${is}, not a table in CSV, TSV, JSON, JSON Lines or Parquet.`,
    where: name,
    remedy: 'Save it as CSV (UTF-8) with a column of texts and a column of labels: spreadsheets export it, and pandas writes it by to_csv.',
  });
}

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
  if (PARQUET.every((byte, i) => first[i] === byte)) return (await import('./parquet.ts')).openParquet(file);
  const whole = first.length === file.size;
  const encoding = findEncoding(first, settings.encoding);
  const sample = new TextDecoding(file.name, encoding).push(first.subarray(encoding.mark), whole ? 'last' : 'more');
  // Who says which separator a file has says that it is delimited.
  if (settings.separator === undefined) {
    if (jsonBeginning(sample) !== undefined) return openJson({ file, encoding, sample, whole, settings });
    if (isOtherJson(sample)) refuse(file.name, 'is JSON, but no list of objects');
  }
  return openDelimited({ file, encoding, sample, whole, settings });
}
