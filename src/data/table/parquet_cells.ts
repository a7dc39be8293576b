// Decoded values of Parquet as cells, without a digit lost: decimals, times, floats of both sizes, bytes, and whatever lies in lists.
// Invariant: two values that differ are two cells that differ.

import { isRecord } from '../../formats/text.ts';
import type { Column } from './table.ts';

export interface ParquetColumn extends Column {
  /** The column of the file, then keys within its structs. */
  readonly path: readonly string[];
  readonly float: 'single' | 'double' | undefined;
  /** Digits behind the point of a decimal number, whose values are the whole numbers that the file has. */
  readonly scale: number | undefined;
  /** Of pictures: where their bytes and their names stand, which are chunks of their own. */
  readonly picture?: PictureLeaves;
}

export interface PictureLeaves {
  readonly bytes: readonly string[];
  /** Left out where the column is nothing but bytes. */
  readonly path?: readonly string[];
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const days = (date: number): string => new Date(date * 86_400_000).toISOString().slice(0, 10);

/** `2024-01-02T03:04:05.678Z`; digits past the thousandth where there are any. */
function timeText(count: bigint, perMillisecond: bigint, digits: number): string {
  const rest = ((count % perMillisecond) + perMillisecond) % perMillisecond;
  const date = new Date(Number((count - rest) / perMillisecond));
  if (Number.isNaN(date.getTime())) return String(count);
  const text = date.toISOString();
  return rest === 0n ? text : `${text.slice(0, -1)}${String(rest).padStart(digits, '0')}Z`;
}

/** The library's own lose digits of times, put replacement characters for what is no UTF-8, and parse JSON, which is a text here. */
export const parsers = {
  stringFromBytes: (bytes: Uint8Array | undefined) => bytes && utf8.decode(bytes),
  jsonFromBytes: (bytes: Uint8Array | undefined) => bytes && utf8.decode(bytes),
  dateFromDays: days,
  timestampFromMilliseconds: (count: bigint) => timeText(BigInt(count), 1n, 0),
  timestampFromMicroseconds: (count: bigint) => timeText(count, 1000n, 3),
  timestampFromNanoseconds: (count: bigint) => timeText(count, 1_000_000n, 6),
};

/** Two's complement, the highest byte first. */
function wholeNumber(bytes: Uint8Array): bigint {
  const value = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  return BigInt.asIntN(8 * bytes.length, value);
}

/** `-0.05` of -5 with a scale of 2. */
function decimalText(value: unknown, scale: number): string {
  const whole =
    value instanceof Uint8Array ? wholeNumber(value) : typeof value === 'bigint' || typeof value === 'number' ? BigInt(value) : undefined;
  if (whole === undefined) return '';
  const digits = String(whole < 0n ? -whole : whole).padStart(scale + 1, '0');
  const point = digits.length - scale;
  return `${whole < 0n ? '-' : ''}${digits.slice(0, point)}${scale > 0 ? `.${digits.slice(point)}` : ''}`;
}

/** The shortest number that is the same in 32 bits: 0.1, not 0.10000000149011612. */
function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

function numberText(value: number, { float, classes }: ParquetColumn): string {
  if (Number.isNaN(value)) return '';
  // As Python writes floats, and so pandas' CSV of the same table: 1.0 is not the class 1.
  if (float !== undefined && Number.isInteger(value) && Math.abs(value) < 1e16) return `${value}.0`;
  return className(String(float === 'single' ? shortest(value) : value), classes);
}

const className = (number: string, classes: readonly string[] | undefined): string =>
  classes !== undefined && /^\d+$/.test(number) ? (classes[Number(number)] ?? number) : number;

/** Old writers do not say of texts that they are; what is no text is refused where it is wanted as one. */
function bytesText(value: Uint8Array, bytes: 'refuse' | 'describe'): string {
  try {
    return utf8.decode(value);
  } catch (thrown) {
    if (bytes === 'refuse') throw thrown;
    return `(${value.length} bytes)`;
  }
}

/** What JSON has no form for, within lists and maps. */
function partOfJson(_: string, part: unknown): unknown {
  if (typeof part === 'bigint') return Number.isSafeInteger(Number(part)) ? Number(part) : String(part);
  return part instanceof Uint8Array ? '(bytes)' : part;
}

function within(value: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value);
}

/** What is decoded of one leaf of a struct. */
export const leafOf = (decoded: unknown, [, ...keys]: readonly string[]): unknown => within(decoded, keys);

/** A decoded value of the file's column as a cell of one of its columns. Errors: what is no UTF-8. */
export function cellText(decoded: unknown, column: ParquetColumn, bytes: 'refuse' | 'describe'): string {
  const value = within(decoded, column.path.slice(1));
  if (value === null || value === undefined) return '';
  if (column.scale !== undefined) return decimalText(value, column.scale);
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint' || typeof value === 'boolean') return className(String(value), column.classes);
  if (typeof value === 'number') return numberText(value, column);
  return value instanceof Uint8Array ? bytesText(value, bytes) : JSON.stringify(value, partOfJson);
}
