// Zip archives of a few files: written stored, read strictly. No zip64, no encryption, no streaming.
// Invariant: nothing is unpacked before its declared size and path are judged, and nothing is returned whose CRC-32 differs.

import { inflateSync, type Zippable, zipSync } from 'fflate';
import { RetraceError } from '../protocol/errors.ts';

export interface ArchiveFile {
  /** Slashes, no leading one. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Stored, not compressed: float weights hardly shrink. All dates are 1 January 1980, so that equal files give equal archives. */
export function writeZip(files: readonly ArchiveFile[]): Uint8Array<ArrayBuffer> {
  const entries: Zippable = Object.fromEntries(files.map((file) => [file.path, file.bytes]));
  return zipSync(entries, { level: 0, mtime: new Date(1980, 0, 1) });
}

export interface ZipLimits {
  readonly maxFiles: number;
  /** Unpacked, all files together. */
  readonly maxBytes: number;
}

const LIMITS: ZipLimits = { maxFiles: 1000, maxBytes: 1024 * 2 ** 20 };

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_HEADER = 0x04034b50;

function refuse(code: string, message: string, where: string, remedy: string): never {
  throw new RetraceError({ code: `zip-${code}`, message, where, remedy });
}

function damaged(name: string, message: string, at: number): never {
  refuse('damaged', `${name} is not a sound zip: ${message}.`, `${name}, byte ${at}`, 'Export or download it again.');
}

/** Offset of the end-of-directory record: the last one whose comment reaches exactly to the end of the file. */
function findEnd(name: string, view: DataView): number {
  for (let at = view.byteLength - 22; at >= 0 && at >= view.byteLength - 22 - 0xffff; at--) {
    if (view.getUint32(at, true) === END_OF_DIRECTORY && at + 22 + view.getUint16(at + 20, true) === view.byteLength) return at;
  }
  return damaged(name, 'it has no end-of-directory record', view.byteLength);
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
  if (count === 0xffff || at === 0xffffffff) damaged(name, 'it is in the zip64 form, which is for archives above 4 GB', end);
  if (count > limits.maxFiles) {
    refuse('limit', `${name} holds ${count} files; at most ${limits.maxFiles} are read.`, name, 'Choose the zip that was exported here.');
  }
  const entries: ZipEntry[] = [];
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || view.getUint32(at, true) !== DIRECTORY_ENTRY) damaged(name, `directory entry ${i} is missing`, at);
    const nameLength = view.getUint16(at + 28, true);
    const next = at + 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > end) damaged(name, `directory entry ${i} is cut off`, at);
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

function refusePath(name: string, path: string): void {
  const parts = path.split('/');
  const bad = path.includes('\0') || path.includes('\\') || /^[a-z]:/i.test(path) || parts.some((part) => ['', '.', '..'].includes(part));
  if (bad) {
    const shown = JSON.stringify(path);
    refuse(
      'path',
      `${name} holds a file named ${shown}, which points outside the archive.`,
      `${name}, ${shown}`,
      'Do not trust this archive.',
    );
  }
}

function unpack(name: string, bytes: Uint8Array, view: DataView, entry: ZipEntry): Uint8Array {
  const { path, offset, packed, size } = entry;
  if (offset + 30 > bytes.length || view.getUint32(offset, true) !== LOCAL_HEADER) damaged(name, `${path} has no local header`, offset);
  const begin = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  if (begin + packed > bytes.length) damaged(name, `${path} is cut off`, begin);
  if (entry.encrypted) refuse('encrypted', `${path} in ${name} is encrypted.`, `${name}, ${path}`, 'Unpack it with its password first.');
  const raw = bytes.slice(begin, begin + packed);
  let content: Uint8Array = raw;
  if (entry.method === 8) {
    try {
      // The output cannot outgrow the declared size, which has been judged.
      content = inflateSync(raw, { out: new Uint8Array(size) });
    } catch {
      damaged(name, `${path} does not unpack`, begin);
    }
  } else if (entry.method !== 0) damaged(name, `${path} is packed by method ${entry.method}; stored (0) and deflate (8) are known`, offset);
  if (content.length !== size || crc32(content) !== entry.crc) damaged(name, `the checksum of ${path} does not match`, begin);
  return content;
}

/** All files by path, folders left out. Errors: `zip-damaged`, `zip-limit`, `zip-path`, `zip-duplicate`, `zip-encrypted`. */
export function readZip(name: string, bytes: Uint8Array, limits: ZipLimits = LIMITS): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = readDirectory(name, bytes, view, limits).filter((entry) => !entry.path.endsWith('/'));
  const total = entries.reduce((sum, entry) => sum + entry.size, 0);
  if (total > limits.maxBytes) {
    refuse(
      'limit',
      `${name} unpacks to ${total} bytes; at most ${limits.maxBytes} are read.`,
      name,
      'Choose the zip that was exported here.',
    );
  }
  const files = new Map<string, Uint8Array>();
  for (const entry of entries) {
    refusePath(name, entry.path);
    if (files.has(entry.path)) refuse('duplicate', `${name} holds ${entry.path} twice.`, `${name}, ${entry.path}`, 'Export it again.');
    files.set(entry.path, unpack(name, bytes, view, entry));
  }
  return files;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** CRC-32 as zip and gzip use it (polynomial 0xEDB88320). */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
