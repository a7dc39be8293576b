// The zip archive that torch.save writes since PyTorch 1.6: records that are stored, never compressed, each at an aligned offset, zip64 where it is
// large. Finds records by ranges and reads none of them. Not for other zips (../zip.ts). Invariant: the records that it gives lie within the file
// and overlap nowhere. Checksums are not compared: PyTorch itself may write made-up ones, and weights are never read as a whole.

import type { ByteSource } from '../bytes.ts';
import { DOWNLOAD_AGAIN, refuseTorch } from './refuse.ts';

export interface TorchRecord {
  /** Without the folder that all records share. */
  readonly path: string;
  /** Offsets in the file, bytes. */
  readonly begin: number;
  readonly end: number;
}

const LOCAL_HEADER = 0x04034b50;
const DIRECTORY_ENTRY = 0x02014b50;
const END_OF_DIRECTORY = 0x06054b50;
const ZIP64_END = 0x06064b50;
const ZIP64_LOCATOR = 0x07064b50;
/** Of an extra field: sizes and offset that do not fit 32 bits. */
const ZIP64_EXTRA = 1;
const IN_ZIP64 = 0xffffffff;

/** A model has hundreds of tensors, each a record. */
const mostRecords = 20_000;
const mostDirectoryBytes = 32 * 2 ** 20;

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function damaged({ name }: ByteSource, message: string, at: number): never {
  refuseTorch('damaged', `${name} is not a sound archive of PyTorch: ${message}.`, `${name}, byte ${at}`, DOWNLOAD_AGAIN);
}

/** Bytes [begin, end), which must lie within the file. */
async function readAt(source: ByteSource, begin: number, end: number, what: string): Promise<DataView> {
  if (begin < 0 || end > source.size || begin > end) damaged(source, `${what} would lie at bytes ${begin} to ${end}`, begin);
  return viewOf(await source.read(begin, end));
}

/** Where the directory lies, and how many entries it has. */
async function findDirectory(source: ByteSource): Promise<{ count: number; begin: number; end: number }> {
  const tailBegin = Math.max(0, source.size - 22 - 0xffff);
  const tail = await readAt(source, tailBegin, source.size, 'the end of the directory');
  let at = tail.byteLength - 22;
  while (at >= 0 && !(tail.getUint32(at, true) === END_OF_DIRECTORY && at + 22 + tail.getUint16(at + 20, true) === tail.byteLength)) at--;
  if (at < 0) damaged(source, 'it has no end-of-directory record, so it is cut off', source.size);
  const end = tailBegin + at;
  let [count, bytes, begin] = [tail.getUint16(at + 10, true), tail.getUint32(at + 12, true), tail.getUint32(at + 16, true)];
  let reaches = end;
  if (count === 0xffff || bytes === IN_ZIP64 || begin === IN_ZIP64) {
    const locator = await readAt(source, end - 20, end, 'the locator of its zip64 record');
    if (locator.getUint32(0, true) !== ZIP64_LOCATOR) damaged(source, 'it says zip64, and has no locator of that record', end - 20);
    reaches = Number(locator.getBigUint64(8, true));
    const record = await readAt(source, reaches, reaches + 56, 'its zip64 record');
    if (record.getUint32(0, true) !== ZIP64_END) damaged(source, 'its zip64 record is missing', reaches);
    [count, bytes, begin] = [32, 40, 48].map((offset) => Number(record.getBigUint64(offset, true))) as [number, number, number];
  }
  if (count > mostRecords || bytes > mostDirectoryBytes) {
    const remedy = 'Choose the weights of a model of a supported architecture.';
    refuseTorch('limit', `${source.name} lists ${count} records; at most ${mostRecords} are read.`, `${source.name}, byte ${end}`, remedy);
  }
  if (begin + bytes > reaches) damaged(source, `its directory would lie at bytes ${begin} to ${begin + bytes}`, end);
  return { count, begin, end: begin + bytes };
}

interface DirectoryEntry {
  readonly path: string;
  readonly size: number;
  readonly offset: number;
}

/** Sizes and offset of an entry, from its zip64 field where 32 bits do not hold them. */
function placeOf(source: ByteSource, directory: DataView, at: number, extra: number, extraEnd: number): [number, number, number] {
  const short = [directory.getUint32(at + 24, true), directory.getUint32(at + 20, true), directory.getUint32(at + 42, true)];
  if (!short.includes(IN_ZIP64)) return short as [number, number, number];
  for (let field = extra; field + 4 <= extraEnd; field += 4 + directory.getUint16(field + 2, true)) {
    if (directory.getUint16(field, true) !== ZIP64_EXTRA) continue;
    let next = field + 4;
    const fieldEnd = Math.min(extraEnd, next + directory.getUint16(field + 2, true));
    return short.map((value) => {
      if (value !== IN_ZIP64) return value;
      if (next + 8 > fieldEnd) return damaged(source, 'a zip64 field is cut off', at);
      next += 8;
      return Number(directory.getBigUint64(next - 8, true));
    }) as [number, number, number];
  }
  return damaged(source, 'an entry says zip64 and has no such field', at);
}

function readDirectory(source: ByteSource, directory: DataView, count: number, base: number): DirectoryEntry[] {
  const entries: DirectoryEntry[] = [];
  const utf8 = new TextDecoder();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > directory.byteLength || directory.getUint32(at, true) !== DIRECTORY_ENTRY) {
      damaged(source, `directory entry ${i} of ${count} is missing`, base + at);
    }
    const extra = at + 46 + directory.getUint16(at + 28, true);
    const extraEnd = extra + directory.getUint16(at + 30, true);
    const next = extraEnd + directory.getUint16(at + 32, true);
    if (next > directory.byteLength) damaged(source, `directory entry ${i} of ${count} is cut off`, base + at);
    const path = utf8.decode(new Uint8Array(directory.buffer, directory.byteOffset + at + 46, extra - at - 46));
    const [size, packed, offset] = placeOf(source, directory, at, extra, extraEnd);
    if (directory.getUint16(at + 10, true) !== 0 || packed !== size || (directory.getUint16(at + 8, true) & 1) !== 0) {
      const message = `${source.name}: the record ${path} is compressed or encrypted; PyTorch stores records as they are.`;
      refuseTorch(
        'packed',
        message,
        `${source.name}, byte ${base + at}`,
        'The file was packed anew by another program. Download the original.',
      );
    }
    entries.push({ path, size, offset });
    at = next;
  }
  return entries;
}

/** Records by path, in the order in which they lie in the file. Errors: `torch-damaged`, `torch-limit`, `torch-packed`. */
export async function readRecords(source: ByteSource): Promise<Map<string, TorchRecord>> {
  const { count, begin, end } = await findDirectory(source);
  const directory = await readAt(source, begin, end, 'its directory');
  const entries = readDirectory(source, directory, count, begin).sort((a, b) => a.offset - b.offset);
  const top = entries[0]?.path.split('/')[0] ?? '';
  const records = new Map<string, TorchRecord>();
  let reached = 0;
  for (const { path, size, offset } of entries) {
    if (offset < reached) damaged(source, `the record ${path} begins inside the one before it`, offset);
    const local = await readAt(source, offset, offset + 30, `the header of ${path}`);
    if (local.getUint32(0, true) !== LOCAL_HEADER) damaged(source, `the record ${path} has no header`, offset);
    const dataBegin = offset + 30 + local.getUint16(26, true) + local.getUint16(28, true);
    reached = dataBegin + size;
    if (reached > begin) damaged(source, `the record ${path} would end at byte ${reached}, behind the directory's begin`, dataBegin);
    if (!path.startsWith(`${top}/`)) damaged(source, `its records share no folder: ${entries[0]?.path} and ${path}`, offset);
    const own = path.slice(top.length + 1);
    if (records.has(own)) damaged(source, `it holds the record ${path} twice`, offset);
    records.set(own, { path: own, begin: dataBegin, end: reached });
  }
  return records;
}
