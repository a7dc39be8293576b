// Zip archives of very many files, opened one at a time: the directory is read at once, what it lists when it is asked for. Zip64 is read. For pictures; small
// archives of ours are zip.ts. Invariant: as there, paths and declared sizes are judged before anything is unpacked, no byte belongs to two files, and nothing is
// handed out whose CRC-32 differs; no more than one file is held for each that is being opened.

import { Inflate } from 'fflate';
import type { ByteSource } from './bytes.ts';
import {
  crc32,
  DIRECTORY_ENTRY,
  damagedZip,
  END_OF_DIRECTORY,
  findEnd,
  inflated,
  LOCAL_HEADER,
  mostUnpacked,
  refuseZip,
  refuseZipPath,
  type ZipLimits,
} from './zip.ts';

/** A file in the archive. */
export interface ZippedFile {
  readonly path: string;
  /** Bytes, unpacked. */
  readonly size: number;
  /** Its first bytes, unpacked; fewer where it is shorter, or packed in odd ways. They are not checked. Errors: as of `blob`. */
  head(count: number): Promise<Uint8Array>;
  /** All of it. Errors: `zip-damaged`, `zip-encrypted`, `zip-limit`. */
  blob(): Promise<Blob>;
}

export interface OpenZip {
  /** In the order of the directory. */
  readonly files: readonly ZippedFile[];
  /** Folders that have an entry of their own, as empty ones do; without the slash at the end. */
  readonly folders: readonly string[];
}

export interface ManyFilesLimits extends ZipLimits {
  /** Of one file, unpacked: it is held whole. */
  readonly maxFileBytes: number;
}

const LIMITS: ManyFilesLimits = { maxFiles: 200_000, maxBytes: 8 * 2 ** 30, maxFileBytes: 256 * 2 ** 20 };
const MAX_DIRECTORY = 64 * 2 ** 20;

const [ZIP64_LOCATOR, ZIP64_END] = [0x07064b50, 0x06064b50];
/** Stands for a number that is in the zip64 extra. */
const [IN_EXTRA_16, IN_EXTRA] = [0xffff, 0xffffffff];
const ZIP64_EXTRA = 1;
const [STORED, DEFLATED] = [0, 8];
const PIECE = 4 * 2 ** 20;

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

interface Place {
  readonly count: number;
  readonly begin: number;
  readonly end: number;
}

/** A number of 8 bytes; one that is past 2^53 is past every file. */
const long = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));

/** Where the directory lies. */
async function directoryPlace(file: ByteSource): Promise<Place> {
  const { name, size } = file;
  const begin = Math.max(0, size - 22 - 0xffff - 20);
  const view = viewOf(await file.read(begin, size));
  const end = findEnd(name, view);
  const short = {
    count: view.getUint16(end + 10, true),
    begin: view.getUint32(end + 16, true),
    end: begin + end,
  };
  const hasLocator = end >= 20 && view.getUint32(end - 20, true) === ZIP64_LOCATOR;
  if (!hasLocator) {
    if (short.begin === IN_EXTRA) damagedZip(name, 'its zip64 directory is missing', begin + end);
    return short;
  }
  const at = long(view, end - 20 + 8);
  if (!(at + 56 <= begin + end - 20)) damagedZip(name, 'its zip64 directory lies outside', begin + end - 20);
  const record = viewOf(await file.read(at, at + 56));
  if (record.getUint32(0, true) !== ZIP64_END) damagedZip(name, 'its zip64 directory is missing', at);
  return { count: long(record, 32), begin: long(record, 48), end: at };
}

interface Entry {
  readonly path: string;
  readonly encrypted: boolean;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
  /** Before this byte it must end: another file or the directory begins there. */
  limit: number;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
/** The upper half of code page 437, in which old archives write names. */
const CP437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

function nameText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => (byte < 128 ? String.fromCharCode(byte) : (CP437[byte - 128] ?? ''))).join('');
  }
}

/** Numbers that are too long for their fields stand in the extra, in this order, those that are not left out. */
function inExtra(view: DataView, begin: number, end: number, fields: readonly number[]): readonly number[] {
  if (!fields.includes(IN_EXTRA)) return fields;
  for (let at = begin; at + 4 <= end; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== ZIP64_EXTRA) continue;
    const last = Math.min(end, at + 4 + view.getUint16(at + 2, true));
    let next = at + 4;
    return fields.map((field) => {
      if (field !== IN_EXTRA || next + 8 > last) return field;
      next += 8;
      return long(view, next - 8);
    });
  }
  return fields;
}

function readEntry(view: DataView, bytes: Uint8Array, at: number, next: number): Entry {
  const nameEnd = at + 46 + view.getUint16(at + 28, true);
  const fields = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)];
  const [size = 0, packed = 0, offset = 0] = inExtra(view, nameEnd, next - view.getUint16(at + 32, true), fields);
  return {
    path: nameText(bytes.subarray(at + 46, nameEnd)),
    encrypted: (view.getUint16(at + 8, true) & 1) !== 0,
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    ...{ size, packed, offset, limit: 0 },
  };
}

async function readDirectory(file: ByteSource, { maxFiles }: ZipLimits): Promise<Entry[]> {
  const { name } = file;
  const { count, begin, end } = await directoryPlace(file);
  if (count > maxFiles)
    refuseZip('limit', `${name} holds ${count} files; at most ${maxFiles} are read.`, name, 'Divide it into several archives.');
  if (!(begin <= end)) damagedZip(name, `its directory is said to begin at byte ${begin}, behind its end`, end);
  if (end - begin > MAX_DIRECTORY)
    refuseZip(
      'limit',
      `${name} has a directory of ${end - begin} bytes; at most ${MAX_DIRECTORY} are read.`,
      name,
      'Divide it into several archives, or give its files shorter names.',
    );
  const bytes = await file.read(begin, end);
  const view = viewOf(bytes);
  const entries: Entry[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== DIRECTORY_ENTRY)
      damagedZip(name, `directory entry ${i} is missing`, begin + at);
    const next = at + 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > bytes.length) damagedZip(name, `directory entry ${i} is cut off`, begin + at);
    entries.push(readEntry(view, bytes, at, next));
    at = next;
  }
  if (at + 4 <= bytes.length && view.getUint32(at, true) === DIRECTORY_ENTRY && count !== IN_EXTRA_16)
    damagedZip(name, `its directory has more than the ${count} entries that it declares`, begin + at);
  setLimits(name, entries, begin);
  return entries;
}

/** By the directory alone: what stands in a file's own header is judged when it is opened. */
function setLimits(name: string, entries: readonly Entry[], directory: number): void {
  const ordered = entries.toSorted((a, b) => a.offset - b.offset);
  for (const [i, entry] of ordered.entries()) {
    const next = ordered[i + 1];
    entry.limit = next?.offset ?? directory;
    if (entry.offset + 30 + entry.packed <= entry.limit) continue;
    if (next === undefined) damagedZip(name, `${entry.path} is cut off`, entry.offset);
    else damagedZip(name, `${next.path} lies inside ${entry.path}`, next.offset);
  }
}

/** Errors: `zip-limit`, `zip-path`, `zip-duplicate`, `zip-damaged`. */
function judge({ name, size }: ByteSource, entries: readonly Entry[], limits: ManyFilesLimits): void {
  const total = entries.reduce((sum, entry) => sum + entry.size, 0);
  const allowed = mostUnpacked(size, limits);
  if (!(total <= allowed)) {
    refuseZip(
      'limit',
      `${name} unpacks to ${total} bytes; at most ${allowed} are read.`,
      name,
      'Unpack it and choose the folder, or divide it into several archives.',
    );
  }
  const seen = new Set<string>();
  for (const { path, method, packed, size: unpacked, offset } of entries) {
    refuseZipPath(name, path);
    if (seen.has(path)) refuseZip('duplicate', `${name} holds ${path} twice.`, `${name}, ${path}`, 'Pack it again.');
    seen.add(path);
    if (method === STORED && packed !== unpacked)
      damagedZip(name, `${path} is stored in ${packed} bytes, and declares ${unpacked}`, offset);
  }
}

/** One file of the archive, found when it is opened. */
class Zipped implements ZippedFile {
  readonly #file: ByteSource;
  readonly #whole: Blob | undefined;
  readonly #entry: Entry;
  readonly #most: number;
  /** Once its bytes have been compared with their checksum. */
  #checked = false;

  constructor(file: ByteSource, whole: Blob | undefined, entry: Entry, { maxFileBytes }: ManyFilesLimits) {
    this.#file = file;
    this.#whole = whole;
    this.#entry = entry;
    this.#most = maxFileBytes;
  }

  get path(): string {
    return this.#entry.path;
  }

  get size(): number {
    return this.#entry.size;
  }

  async head(count: number): Promise<Uint8Array> {
    const { method, packed, size } = this.#entry;
    const begin = await this.#begin();
    const wanted = Math.min(count, size);
    if (method === STORED) return this.#file.read(begin, begin + wanted);
    // Tables of a block stand before its first byte: some hundred bytes at most.
    return firstInflated(await this.#file.read(begin, begin + Math.min(packed, wanted + 1024)), wanted);
  }

  async blob(): Promise<Blob> {
    const { method, packed, size, path } = this.#entry;
    const { name } = this.#file;
    if (size > this.#most)
      refuseZip('limit', `${path} in ${name} has ${size} bytes; at most ${this.#most} are read.`, `${name}, ${path}`, 'Take it out.');
    const begin = await this.#begin();
    if (method === STORED && this.#whole !== undefined) {
      await this.#check(begin);
      return this.#whole.slice(begin, begin + size);
    }
    const raw = await this.#file.read(begin, begin + packed);
    const content = method === STORED ? raw : inflated(raw, size);
    if (content === undefined) return damagedZip(name, `${path} does not unpack to the ${size} bytes that it declares`, begin);
    this.#require(crc32(content), begin);
    return new Blob([new Uint8Array(content)]);
  }

  /** Where its packed bytes begin, by its own header. */
  async #begin(): Promise<number> {
    const { path, method, encrypted, offset, packed, limit } = this.#entry;
    const { name } = this.#file;
    if (encrypted) refuseZip('encrypted', `${path} in ${name} is encrypted.`, `${name}, ${path}`, 'Unpack it with its password first.');
    if (method !== STORED && method !== DEFLATED)
      damagedZip(name, `${path} is packed by method ${method}; stored (0) and deflate (8) are known`, offset);
    const header = viewOf(await this.#file.read(offset, offset + 30));
    if (header.getUint32(0, true) !== LOCAL_HEADER) damagedZip(name, `${path} has no local header`, offset);
    const begin = offset + 30 + header.getUint16(26, true) + header.getUint16(28, true);
    if (begin + packed > limit) damagedZip(name, `${path} reaches into what stands behind it`, offset);
    return begin;
  }

  /** Reads a stored file in pieces, once. */
  async #check(begin: number): Promise<void> {
    if (this.#checked) return;
    const end = begin + this.#entry.size;
    let crc = 0;
    for (let at = begin; at < end; at += PIECE) crc = crc32(await this.#file.read(at, Math.min(end, at + PIECE)), crc);
    this.#require(crc, begin);
    this.#checked = true;
  }

  #require(crc: number, begin: number): void {
    if (crc !== this.#entry.crc) damagedZip(this.#file.name, `the checksum of ${this.#entry.path} does not match`, begin);
  }
}

/** As many of the first bytes as the beginning of a deflated stream gives, `count` at most. */
function firstInflated(raw: Uint8Array, count: number): Uint8Array {
  // A first block that is not compressed, as those of most pictures: fflate would wait for its end. Type, length and its complement stand before it.
  if (raw.length >= 5 && ((raw[0] ?? 0) & 6) === 0) return raw.slice(5, 5 + Math.min(count, viewOf(raw).getUint16(1, true)));
  const first = new Uint8Array(count);
  let at = 0;
  const unpacking = new Inflate((chunk) => {
    const part = chunk.subarray(0, count - at);
    first.set(part, at);
    at += part.length;
  });
  try {
    // In small pieces: a kilobyte can unpack to a thousand.
    for (let begin = 0; begin < raw.length && at < count; begin += 64) unpacking.push(raw.subarray(begin, begin + 64));
  } catch {
    // What it is worth shows when all of it is unpacked.
  }
  return first.subarray(0, at);
}

/**
 * Its files and folders, none of them opened; `whole` are the same bytes as a Blob, of which stored files are then slices.
 * Errors: `zip-damaged`, `zip-limit`, `zip-path`, `zip-duplicate`.
 */
export async function openZip(file: ByteSource, whole?: Blob, limits: ManyFilesLimits = LIMITS): Promise<OpenZip> {
  const entries = await readDirectory(file, limits);
  const files = entries.filter(({ path }) => !path.endsWith('/'));
  const folders = entries.filter(({ path }) => path.endsWith('/')).map(({ path }) => path.slice(0, -1));
  judge(file, files, limits);
  for (const path of folders) refuseZipPath(file.name, path);
  return { files: files.map((entry) => new Zipped(file, whole, entry, limits)), folders };
}

/** Whether a file that begins with these bytes is a zip. An empty one begins with its end. */
export const isZip = (first: Uint8Array): boolean =>
  first.length >= 4 && [LOCAL_HEADER, END_OF_DIRECTORY].includes(viewOf(first).getUint32(0, true));
