// Zip archives of a few files: written stored, read strictly. No zip64, no encryption; many files, opened one at a time, are zip_files.ts.
// Invariant: nothing is unpacked before its declared size and path are judged, no byte of the archive belongs to two files, a file that unpacks to
// more than it declares is left at that byte, and nothing is returned whose CRC-32 differs.

import { Inflate } from 'fflate';
import { RetraceError } from '../protocol/errors.ts';
import { shownValue } from '../protocol/shown.ts';

export interface ArchiveFile {
  /** Slashes, no leading one. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** 1 January 1980, the first day that a zip can name. */
const firstDay = 0x0021;

/** A file by what the archive says of it. */
interface Row {
  readonly name: Uint8Array;
  readonly size: number;
  readonly crc: number;
}

/** Numbers of 2 or 4 bytes, then a name. */
function packed(fields: readonly (readonly [bytes: 2 | 4, value: number])[], name: Uint8Array = new Uint8Array()): Uint8Array<ArrayBuffer> {
  const begin = fields.reduce((sum, [width]) => sum + width, 0);
  const bytes = new Uint8Array(begin + name.length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [width, value] of fields) {
    if (width === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += width;
  }
  bytes.set(name, begin);
  return bytes;
}

/** What a local header and a directory entry share: version 2.0, names in UTF-8, stored, date, checksum, sizes, length of the name, no extras. */
const common = ({ name, size, crc }: Row) =>
  [
    [2, 20],
    [2, 0x0800],
    [2, 0],
    [2, 0],
    [2, firstDay],
    [4, crc],
    [4, size],
    [4, size],
    [2, name.length],
    [2, 0],
  ] as const;

const localHeader = (row: Row): Uint8Array<ArrayBuffer> => packed([[4, LOCAL_HEADER], ...common(row)], row.name);

/** What stands behind the files: an entry for each, and the end. */
function directoryOf(rows: readonly Row[]): Uint8Array<ArrayBuffer>[] {
  let offset = 0;
  const entries = rows.map((row) => {
    const entry = packed([[4, DIRECTORY_ENTRY], [2, 20], ...common(row), [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]], row.name);
    offset += 30 + row.name.length + row.size;
    return entry;
  });
  const size = entries.reduce((sum, { length }) => sum + length, 0);
  return [
    ...entries,
    packed([
      [4, END_OF_DIRECTORY],
      [2, 0],
      [2, 0],
      [2, rows.length],
      [2, rows.length],
      [4, size],
      [4, offset],
      [2, 0],
    ]),
  ];
}

/** Stored, not compressed: float weights hardly shrink. All dates are the same, so that equal files give equal archives. */
export function writeZip(files: readonly ArchiveFile[]): Uint8Array<ArrayBuffer> {
  const rows = files.map(({ path, bytes }) => ({ name: new TextEncoder().encode(path), bytes, size: bytes.length, crc: crc32(bytes) }));
  const parts = [...rows.flatMap((row) => [localHeader(row), row.bytes]), ...directoryOf(rows)];
  const zip = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    zip.set(part, at);
    at += part.length;
  }
  return zip;
}

/** Offsets have 32 bits without zip64. */
const mostZipBytes = 2 ** 32 - 1;

/** The same of files that may be larger than memory: each is read once, in small pieces, for its checksum. Error: `zip-too-large`. */
export async function zipOf(files: readonly { readonly path: string; readonly blob: Blob }[]): Promise<Blob> {
  const rows: (Row & { readonly blob: Blob })[] = [];
  for (const { path, blob } of files) {
    let crc = 0;
    for (let at = 0; at < blob.size; at += blobPiece) crc = crc32(new Uint8Array(await blob.slice(at, at + blobPiece).arrayBuffer()), crc);
    rows.push({ name: new TextEncoder().encode(path), size: blob.size, crc, blob });
  }
  const zip = new Blob([...rows.flatMap((row) => [localHeader(row), row.blob]), ...directoryOf(rows)], { type: 'application/zip' });
  if (zip.size <= mostZipBytes) return zip;
  return refuseZip(
    'too-large',
    `The files have ${zip.size} bytes together; a zip without extensions holds ${mostZipBytes}.`,
    'zip',
    'Write them into a folder, from the command line.',
  );
}

const blobPiece = 4 * 2 ** 20;

export interface ZipLimits {
  readonly maxFiles: number;
  /** Unpacked, all files together. */
  readonly maxBytes: number;
}

/** Past `freely` bytes an archive may unpack to so many times its own size: numbers and texts shrink to a tenth, a bomb to a thousandth. */
const most = { freely: 64 * 2 ** 20, ratio: 100 } as const;

/** Bytes that an archive of `size` bytes may unpack to. */
export const mostUnpacked = (size: number, { maxBytes }: ZipLimits): number => Math.min(maxBytes, Math.max(most.freely, most.ratio * size));

/** Characters of a path. */
const longestPath = 1000;

const LIMITS: ZipLimits = { maxFiles: 1000, maxBytes: 1024 * 2 ** 20 };

export const END_OF_DIRECTORY = 0x06054b50;
export const DIRECTORY_ENTRY = 0x02014b50;
export const LOCAL_HEADER = 0x04034b50;

export function refuseZip(code: string, message: string, where: string, remedy: string): never {
  throw new RetraceError({ code: `zip-${code}`, message, where, remedy });
}

export function damagedZip(name: string, message: string, at: number): never {
  refuseZip('damaged', `${name} is not a sound zip: ${message}.`, `${name}, byte ${at}`, 'Export or download it again.');
}

/** Offset of the end-of-directory record: the last one whose comment reaches exactly to the end of the file. `view` ends where the file does. */
export function findEnd(name: string, view: DataView): number {
  for (let at = view.byteLength - 22; at >= 0 && at >= view.byteLength - 22 - 0xffff; at--) {
    if (view.getUint32(at, true) === END_OF_DIRECTORY && at + 22 + view.getUint16(at + 20, true) === view.byteLength) return at;
  }
  return damagedZip(name, 'it has no end-of-directory record', view.byteLength);
}

interface ZipEntry {
  readonly path: string;
  readonly encrypted: boolean;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

function readDirectory(name: string, bytes: Uint8Array, view: DataView, limits: ZipLimits): ZipEntry[] {
  const end = findEnd(name, view);
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (count === 0xffff || at === 0xffffffff) damagedZip(name, 'it is in the zip64 form, which is for archives above 4 GB', end);
  if (count > limits.maxFiles) {
    refuseZip(
      'limit',
      `${name} holds ${count} files; at most ${limits.maxFiles} are read.`,
      name,
      'Choose the zip that was exported here.',
    );
  }
  const entries: ZipEntry[] = [];
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || view.getUint32(at, true) !== DIRECTORY_ENTRY) damagedZip(name, `directory entry ${i} is missing`, at);
    const nameLength = view.getUint16(at + 28, true);
    const next = at + 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > end) damagedZip(name, `directory entry ${i} is cut off`, at);
    entries.push({
      path: new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength)),
      encrypted: (view.getUint16(at + 8, true) & 1) !== 0,
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    });
    at = next;
  }
  return entries;
}

export function refuseZipPath(name: string, path: string): void {
  const parts = path.split('/');
  if (path.length > longestPath) {
    refuseZip(
      'path',
      `${name} holds a file whose name has ${path.length} characters; at most ${longestPath} are read.`,
      name,
      'Do not trust this archive.',
    );
  }
  const bad = path.includes('\0') || path.includes('\\') || /^[a-z]:/i.test(path) || parts.some((part) => ['', '.', '..'].includes(part));
  if (bad) {
    const shown = shownValue(path);
    refuseZip(
      'path',
      `${name} holds a file named ${shown}, which points outside the archive.`,
      `${name}, ${shown}`,
      'Do not trust this archive.',
    );
  }
}

interface PackedFile extends ZipEntry {
  /** Where its packed bytes lie. */
  readonly begin: number;
  readonly end: number;
}

/** Where each file's bytes lie, by their local headers. No two may share any: a thousand files on one stream would each unpack it. */
function locate(name: string, view: DataView, entries: readonly ZipEntry[]): PackedFile[] {
  const found = entries.map((entry): PackedFile => {
    const { path, offset, packed } = entry;
    if (offset + 30 > view.byteLength || view.getUint32(offset, true) !== LOCAL_HEADER)
      damagedZip(name, `${path} has no local header`, offset);
    const begin = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
    if (begin + packed > view.byteLength) damagedZip(name, `${path} is cut off`, begin);
    return { ...entry, begin, end: begin + packed };
  });
  const ordered = found.toSorted((a, b) => a.offset - b.offset);
  for (const [i, { path, offset }] of ordered.entries()) {
    const before = ordered[i - 1];
    if (before && before.end > offset) damagedZip(name, `${path} lies inside ${before.path}`, offset);
  }
  return found;
}

/** Packed bytes that are unpacked at a time, into at most a thousand times as many. */
const piece = 16 * 1024;

/** The deflated bytes `raw`, which must unpack to exactly `size`; undefined where they don't. Stops at the first byte too many. */
export function inflated(raw: Uint8Array, size: number): Uint8Array | undefined {
  const content = new Uint8Array(size);
  let at = 0;
  const unpacking = new Inflate((chunk) => {
    if (at + chunk.length > size) throw new RangeError('more than it declares');
    content.set(chunk, at);
    at += chunk.length;
  });
  try {
    for (let begin = 0; begin < raw.length; begin += piece) {
      const end = Math.min(begin + piece, raw.length);
      unpacking.push(raw.subarray(begin, end), end === raw.length);
    }
  } catch {
    return undefined;
  }
  return at === size ? content : undefined;
}

function unpack(name: string, bytes: Uint8Array, { path, method, encrypted, begin, end, size, crc, offset }: PackedFile): Uint8Array {
  if (encrypted) refuseZip('encrypted', `${path} in ${name} is encrypted.`, `${name}, ${path}`, 'Unpack it with its password first.');
  if (method !== 0 && method !== 8) damagedZip(name, `${path} is packed by method ${method}; stored (0) and deflate (8) are known`, offset);
  const raw = bytes.slice(begin, end);
  const content = method === 8 ? inflated(raw, size) : raw;
  if (content === undefined) return damagedZip(name, `${path} does not unpack to the ${size} bytes that it declares`, begin);
  if (content.length !== size || crc32(content) !== crc) damagedZip(name, `the checksum of ${path} does not match`, begin);
  return content;
}

/** All files by path, folders left out. Errors: `zip-damaged`, `zip-limit`, `zip-path`, `zip-duplicate`, `zip-encrypted`. */
export function readZip(name: string, bytes: Uint8Array, limits: ZipLimits = LIMITS): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = readDirectory(name, bytes, view, limits).filter((entry) => !entry.path.endsWith('/'));
  const total = entries.reduce((sum, entry) => sum + entry.size, 0);
  const allowed = mostUnpacked(bytes.length, limits);
  if (total > allowed) {
    refuseZip('limit', `${name} unpacks to ${total} bytes; at most ${allowed} are read.`, name, 'Choose the zip that was exported here.');
  }
  const seen = new Set<string>();
  for (const { path } of entries) {
    refuseZipPath(name, path);
    if (seen.has(path)) refuseZip('duplicate', `${name} holds ${path} twice.`, `${name}, ${path}`, 'Export it again.');
    seen.add(path);
  }
  return new Map(locate(name, view, entries).map((file) => [file.path, unpack(name, bytes, file)]));
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** CRC-32 as zip and gzip use it (polynomial 0xEDB88320); `before` is that of the bytes before these. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
