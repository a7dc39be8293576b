// Files that are no text at all, told by their first bytes: what people have in place of a table, UTF-16 without its mark, and whatever is full of
// control characters. Invariant: a text with a few NUL characters in it is a text, as for Python's csv.

import { RetraceError } from '../../protocol/errors.ts';
import type { Encoding } from '../../protocol/reading.ts';

const ascii = (text: string): readonly number[] => [...text].map((character) => character.charCodeAt(0));

const OTHER_FILES: readonly { readonly is: string; readonly begins: readonly number[] }[] = [
  { is: 'a zip archive or an Excel workbook', begins: ascii('PK\x03\x04') },
  { is: 'an empty zip archive', begins: ascii('PK\x05\x06') },
  { is: 'an old Excel workbook or another Office document', begins: [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1] },
  { is: 'a gzip archive', begins: [0x1f, 0x8b] },
  { is: 'a bzip2 archive', begins: ascii('BZh91AY&SY') },
  { is: 'an xz archive', begins: ascii('\xfd7zXZ\x00') },
  { is: 'a Zstandard archive', begins: [0x28, 0xb5, 0x2f, 0xfd] },
  { is: 'a 7-Zip archive', begins: ascii("7z\xbc\xaf'\x1c") },
  { is: 'a RAR archive', begins: ascii('Rar!\x1a\x07') },
  { is: 'a PDF document', begins: ascii('%PDF') },
  { is: 'a PNG image', begins: ascii('\x89PNG\r\n\x1a\n') },
  { is: 'a JPEG image', begins: [0xff, 0xd8, 0xff] },
  { is: 'a GIF image', begins: ascii('GIF87a') },
  { is: 'a GIF image', begins: ascii('GIF89a') },
  { is: 'an SQLite database', begins: ascii('SQLite format 3\x00') },
  { is: 'an Arrow (Feather) file', begins: ascii('ARROW1\x00\x00') },
  { is: 'an ORC file', begins: ascii('ORC\x08') },
  { is: 'an Avro file', begins: ascii('Obj\x01') },
  { is: 'a NumPy array', begins: ascii('\x93NUMPY') },
  { is: 'text in UTF-32', begins: [0xff, 0xfe, 0, 0] },
  { is: 'text in UTF-32', begins: [0, 0, 0xfe, 0xff] },
  { is: 'an HDF5 file', begins: ascii('\x89HDF\r\n\x1a\n') },
];

export const notATable = (name: string, is: string): RetraceError =>
  new RetraceError({
    code: 'not-a-table',
    message: `${name} ${is}, not a table in CSV, TSV, JSON, JSON Lines or Parquet.`,
    where: name,
    remedy: 'Save it as CSV (UTF-8) with a column of texts and a column of labels: spreadsheets export it, and pandas writes it by to_csv.',
  });

/** Error `not-a-table`. */
export function refuseOther(name: string, first: Uint8Array): void {
  const other = OTHER_FILES.find(({ begins }) => begins.every((byte, i) => first[i] === byte));
  if (other !== undefined) throw notATable(name, `is ${other.is}`);
}

/** Bytes that texts hardly have: control characters but tabs and line ends. */
const isControl = (byte: number): boolean => byte < 0x20 && (byte < 0x09 || byte > 0x0d) && byte !== 0x1b;

/** Of NUL bytes, those at the upper places, and of line feeds, those beside one: the lower bytes of some characters are the same (U+4E00, U+4E0A). */
const [MOST_ZEROS, MOST_ENDS] = [0.75, 0.5];
/** Of the characters of a UTF-16 text, those below U+0100: separators and line ends at the least. */
const FEWEST_PLAIN = 0.05;

/** UTF-16, where the bytes look like it: NULs at the upper places of characters, which are odd (little endian) or even, and at those of line feeds. */
export function utf16Without(bytes: Uint8Array): Extract<Encoding, 'utf-16le' | 'utf-16be'> | undefined {
  const zeros = { even: 0, odd: 0 };
  const ends = { all: 0, odd: 0, even: 0 };
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    const at = i & 1 ? 'odd' : 'even';
    if (byte === 0) zeros[at]++;
    if (byte !== 0x0a) continue;
    ends.all++;
    if (at === 'even' && bytes[i + 1] === 0) ends.odd++;
    if (at === 'odd' && bytes[i - 1] === 0) ends.even++;
  }
  const upper = zeros.odd > zeros.even ? 'odd' : 'even';
  const all = zeros.even + zeros.odd;
  if (all === 0 || all < (FEWEST_PLAIN * bytes.length) / 2 || zeros[upper] < MOST_ZEROS * all) return undefined;
  // Without line feeds it has to be Latin letters.
  if (ends.all === 0 ? zeros[upper] < bytes.length / 4 : ends[upper] < MOST_ENDS * ends.all) return undefined;
  return upper === 'odd' ? 'utf-16le' : 'utf-16be';
}

/** A text has no more, but a short one may have these few. */
const MOST_CONTROLS = 0.1;
const FEW_CONTROLS = 8;

/** Error `not-a-table`: it is full of control characters. */
export function refuseBinary(name: string, first: Uint8Array): void {
  const count = first.reduce((sum, byte) => sum + (isControl(byte) ? 1 : 0), 0);
  if (count <= FEW_CONTROLS || count < MOST_CONTROLS * first.length) return;
  throw notATable(name, `is binary (${count} of its first ${first.length} bytes are control characters)`);
}
