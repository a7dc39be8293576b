// Archives of many files, opened one at a time: by fflate, in the zip64 form, and forged ones.

import { zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { type ByteSource, bytesOf } from './bytes.ts';
import { crc32, writeZip } from './zip.ts';
import { isZip, openZip } from './zip_files.ts';

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const long = utf8('abc'.repeat(5000));
const tree = { 'a.txt': utf8('a'), sub: { 'é.txt': long, empty: new Uint8Array(0) }, 'bare/': new Uint8Array(0) };
const stored = zipSync(tree, { level: 0, comment: 'made elsewhere' });
const deflated = zipSync(tree, { level: 9 });
const blobOf = (bytes: Uint8Array): Blob => new Blob([new Uint8Array(bytes)]);
const contents = async (zip: Uint8Array, whole?: Blob) => {
  const { files } = await openZip(bytesOf('x.zip', zip), whole);
  return Promise.all(files.map(async (file) => [file.path, file.size, new Uint8Array(await (await file.blob()).arrayBuffer())]));
};
const expected = [
  ['a.txt', 1, utf8('a')],
  ['sub/é.txt', long.length, long],
  ['sub/empty', 0, new Uint8Array(0)],
];

/** A source that counts. */
function counted(bytes: Uint8Array) {
  const source = { ...bytesOf('x.zip', bytes), taken: 0 };
  source.read = async (begin, end) => {
    source.taken += end - begin;
    return bytes.slice(begin, end);
  };
  return source;
}

test.each([
  ['stored', stored],
  ['deflated', deflated],
  ['written here', writeZip(expected.map(([path, , bytes]) => ({ path: path as string, bytes: bytes as Uint8Array })))],
])('files that are %s come back, read from a source or cut from a blob', async (_, zip) => {
  expect(await contents(zip)).toEqual(expected);
  expect(await contents(zip, blobOf(zip))).toEqual(expected);
  expect(isZip(zip)).toBe(true);
});

test('a directory that ends in bytes too few for another entry is read', async () => {
  const end = deflated.length - 22;
  const longer = Uint8Array.of(...deflated.subarray(0, end), 0x50, 0x4b, ...deflated.subarray(end));
  const view = new DataView(longer.buffer);
  view.setUint32(end + 2 + 12, view.getUint32(end + 2 + 12, true) + 2, true);
  expect(await contents(longer)).toEqual(expected);
});

test('folders with an entry of their own are named', async () => {
  expect((await openZip(bytesOf('x.zip', stored))).folders).toEqual(['sub', 'bare']);
});

test('opening reads the directory alone; the first bytes of a file take little more', async () => {
  const zip = zipSync({ noise: crypto.getRandomValues(new Uint8Array(60_000)), zeros: new Uint8Array(3_000_000) }, { level: 9 });
  const many = new Uint8Array(200_000 + zip.length);
  many.set(zip, 200_000);
  const view = new DataView(many.buffer);
  // The same archive behind other bytes, so that its end is not all of it.
  const end = many.length - 22;
  const directory = view.getUint32(end + 16, true) + 200_000;
  view.setUint32(end + 16, directory, true);
  for (let at = directory, i = 0; i < 2; i++) {
    view.setUint32(at + 42, view.getUint32(at + 42, true) + 200_000, true);
    at += 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true);
  }
  const source = counted(many);
  const { files } = await openZip(source);
  expect(source.taken).toBeLessThan(66_000 + 200);
  source.taken = 0;
  for (const file of files) expect(await file.head(16)).toHaveLength(16);
  expect(await files[1]?.head(16)).toEqual(new Uint8Array(16));
  expect(source.taken).toBeLessThan(5000);
});

test('the first bytes of a short file are all that it has', async () => {
  for (const zip of [stored, deflated]) {
    const { files } = await openZip(bytesOf('x.zip', zip));
    expect(await Promise.all(files.map((file) => file.head(4)))).toEqual([utf8('a'), utf8('abca'), new Uint8Array(0)]);
  }
});

/** a.txt with all its numbers in the zip64 extra, in a directory that only the zip64 record finds. */
function zip64(): Uint8Array {
  const zip = zipSync({ 'a.txt': utf8('hello') }, { level: 0 });
  const view = new DataView(zip.buffer);
  const end = zip.length - 22;
  const directory = view.getUint32(end + 16, true);
  const entry = zip.slice(directory, end);
  const extra = new Uint8Array(4 + 24);
  const fields = new DataView(extra.buffer);
  fields.setUint16(0, 1, true);
  fields.setUint16(2, 24, true);
  fields.setBigUint64(4, 5n, true);
  fields.setBigUint64(12, 5n, true);
  fields.setBigUint64(20, 0n, true);
  const entryView = new DataView(entry.buffer);
  for (const at of [20, 24, 42]) entryView.setUint32(at, 0xffffffff, true);
  entryView.setUint16(30, extra.length, true);
  const record = new Uint8Array(56 + 20);
  const records = new DataView(record.buffer);
  records.setUint32(0, 0x06064b50, true);
  records.setBigUint64(4, 44n, true);
  records.setBigUint64(32, 1n, true);
  records.setBigUint64(40, BigInt(entry.length + extra.length), true);
  records.setBigUint64(48, BigInt(directory), true);
  records.setUint32(56, 0x07064b50, true);
  records.setBigUint64(56 + 8, BigInt(directory + entry.length + extra.length), true);
  const last = zip.slice(end);
  new DataView(last.buffer).setUint16(10, 0xffff, true);
  new DataView(last.buffer).setUint32(16, 0xffffffff, true);
  return Uint8Array.from([...zip.slice(0, directory), ...entry, ...extra, ...record, ...last]);
}

test('directories in the zip64 form are read', async () => {
  expect(await contents(zip64())).toEqual([['a.txt', 5, utf8('hello')]]);
});

test('names that are no UTF-8 are those of old archives', async () => {
  const zip = writeZip([{ path: 'caf?.png', bytes: utf8('x') }]);
  const at = [...zip].flatMap((byte, i) => (byte === 63 ? [i] : []));
  for (const i of at) zip[i] = 0x82;
  expect((await openZip(bytesOf('x.zip', zip))).files.map(({ path }) => path)).toEqual(['café.png']);
});

const opened = async (zip: Uint8Array, whole?: Blob): Promise<void> => void (await contents(zip, whole));

test.each(['../evil', '/etc/passwd', 'C:/evil', 'a//b'])('the path %s is refused', async (path) => {
  await expect(opened(zipSync({ [path]: utf8('x') }))).rejects.toMatchObject({ code: 'zip-path' });
});

test('too many files, too much unpacked, and one file that is too large are refused', async () => {
  const bomb = bytesOf('x.zip', zipSync({ zeros: new Uint8Array(1_000_000), more: utf8('x') }, { level: 9 }));
  const limits = { maxFiles: 10, maxBytes: 1e9, maxFileBytes: 1e9 };
  await expect(openZip(bomb, undefined, { ...limits, maxBytes: 999_999 })).rejects.toThrow(/unpacks to 1000001 bytes; at most 999999/);
  await expect(openZip(bomb, undefined, { ...limits, maxFiles: 1 })).rejects.toThrow(/holds 2 files; at most 1/);
  const { files } = await openZip(bomb, undefined, { ...limits, maxFileBytes: 1000 });
  await expect(files[0]?.blob()).rejects.toMatchObject({ code: 'zip-limit', where: 'x.zip, zeros' });
  expect(await (await files[1]?.blob())?.text()).toBe('x');
  await expect(opened(zipSync({ zeros: new Uint8Array(70_000_000) }, { level: 9 }))).rejects.toMatchObject({ code: 'zip-limit' });
});

/** An archive of fflate's, with a way to change the fields of an entry. */
function forged(entries: Parameters<typeof zipSync>[0], change: (view: DataView, directory: number) => void, level: 0 | 9 = 9): Uint8Array {
  const zip = zipSync(entries, { level });
  const view = new DataView(zip.buffer);
  change(view, view.getUint32(zip.length - 6, true));
  return zip;
}

test('a size declared too small cannot be outgrown, though the checksum of that part fits', async () => {
  const zip = forged({ zeros: new Uint8Array(5_000_000) }, (view, directory) => {
    view.setUint32(directory + 16, crc32(Uint8Array.of(0)), true);
    view.setUint32(directory + 24, 1, true);
  });
  await expect(opened(zip)).rejects.toThrow(/does not unpack to the 1 bytes/);
});

test('files that share bytes are refused before any is opened', async () => {
  const zip = forged({ a: new Uint8Array(50_000), b: new Uint8Array(50_000) }, (view, directory) => {
    view.setUint32(directory + 46 + 1 + 42, 0, true);
  });
  await expect(openZip(bytesOf('x.zip', zip))).rejects.toThrow(/b lies inside a/);
  // By its own header alone does the first reach into the second.
  const reaching = forged({ a: utf8('x'.repeat(100)), b: utf8('y') }, (view) => view.setUint16(28, 60, true), 0);
  await expect(opened(reaching)).rejects.toThrow(/a reaches into what stands behind it/);
});

test('every cut and every flipped content byte is noticed, in a slice of a blob too', async () => {
  const zip = writeZip([{ path: 'README.md', bytes: utf8('# hi') }]);
  for (let length = 0; length < zip.length; length++) await expect(opened(zip.slice(0, length)), `${length} bytes`).rejects.toThrow();
  const flipped = zip.slice();
  flipped[30 + 'README.md'.length] = 0x21;
  await expect(opened(flipped)).rejects.toThrow(/checksum of README\.md/);
  await expect(opened(flipped, blobOf(flipped))).rejects.toThrow(/checksum of README\.md/);
});

test('encrypted files, unknown methods, names given twice and odd directories are told apart', async () => {
  const changed = (at: number, value: number) =>
    forged({ a: utf8('x') }, (view, directory) => view.setUint16(directory + at, value, true), 0);
  await expect(opened(changed(8, 1))).rejects.toMatchObject({ code: 'zip-encrypted' });
  await expect(opened(changed(10, 12))).rejects.toThrow(/method 12/);
  await expect(opened(changed(24, 7))).rejects.toThrow(/is stored in 1 bytes, and declares 7/);
  const twice = forged({ aa: utf8('x'), ab: utf8('y') }, (view, directory) => view.setUint8(directory + 46 + 2 + 46 + 1, 97), 0);
  await expect(opened(twice)).rejects.toMatchObject({ code: 'zip-duplicate' });
  const fewer = forged({ a: utf8('x'), b: utf8('y') }, (view) => view.setUint16(view.byteLength - 12, 1, true), 0);
  await expect(opened(fewer)).rejects.toThrow(/more than the 1 entries/);
});

test('a thousand files are listed without a read for each', async () => {
  const zip = writeZip(Array.from({ length: 1000 }, (_, i) => ({ path: `c${i % 3}/${i}`, bytes: utf8(String(i)) })));
  let reads = 0;
  const read = async (begin: number, end: number) => {
    reads++;
    return zip.slice(begin, end);
  };
  const source: ByteSource = { name: 'x.zip', size: zip.length, read };
  expect((await openZip(source)).files).toHaveLength(1000);
  expect(reads).toBe(2);
});
