import { unzipSync, zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { crc32, readZip, writeZip, zipOf } from './zip.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const files = [
  { path: 'README.md', bytes: utf8('# hi') },
  { path: 'sub/é.bin', bytes: Uint8Array.of(0, 1, 2, 255) },
  { path: 'empty', bytes: new Uint8Array(0) },
];

test('what is written comes back, and equal files give equal archives', () => {
  const zip = writeZip(files);
  expect([...readZip('x.zip', zip)]).toEqual(files.map(({ path, bytes }) => [path, bytes]));
  expect(writeZip(files)).toEqual(zip);
});

test('a compressed archive with folders, made elsewhere, is read', () => {
  const long = utf8('abc'.repeat(1000));
  const zip = zipSync({ a: { 'b.txt': long }, 'c.txt': utf8('c') }, { level: 9, comment: 'made elsewhere' });
  expect([...readZip('x.zip', zip)].sort()).toEqual([
    ['a/b.txt', long],
    ['c.txt', utf8('c')],
  ]);
});

test('the checksum is that of the standard', () => {
  expect(crc32(utf8('123456789'))).toBe(0xcbf43926);
});

test.each(['../evil', 'a/../../evil', '/etc/passwd', 'C:/evil', 'a\\..\\evil', 'a//b', './a'])('the path %s is refused', (path) => {
  expect(() => readZip('x.zip', zipSync({ [path]: utf8('x') }))).toThrow(expect.objectContaining({ code: 'zip-path' }));
});

test('too many files and too much unpacked are refused before anything is unpacked', () => {
  const bomb = zipSync({ zeros: new Uint8Array(1_000_000), more: utf8('x') }, { level: 9 });
  expect(() => readZip('x.zip', bomb, { maxFiles: 10, maxBytes: 999_999 })).toThrow(/unpacks to 1000001 bytes/);
  expect(() => readZip('x.zip', bomb, { maxFiles: 1, maxBytes: 1e9 })).toThrow(/holds 2 files/);
});

test('a size declared too small cannot be outgrown', () => {
  const zip = zipSync({ zeros: new Uint8Array(100_000) }, { level: 9 });
  const view = new DataView(zip.buffer);
  const directory = view.getUint32(zip.length - 6, true);
  view.setUint32(directory + 24, 10, true);
  expect(() => readZip('x.zip', zip)).toThrow(expect.objectContaining({ code: 'zip-damaged' }));
});

test('every cut and every flipped content byte is noticed', () => {
  const zip = writeZip(files);
  for (let length = 0; length < zip.length; length++) expect(() => readZip('x.zip', zip.slice(0, length)), `${length} bytes`).toThrow();
  const flipped = zip.slice();
  flipped[30 + 'README.md'.length] = 0x21;
  expect(() => readZip('x.zip', flipped)).toThrow(/checksum of README\.md/);
});

test('an encrypted file, an unknown method and a name given twice are told apart', () => {
  const changed = (at: number, value: number): Uint8Array => {
    const zip = zipSync({ a: utf8('x') }, { level: 0 });
    const view = new DataView(zip.buffer);
    view.setUint16(view.getUint32(zip.length - 6, true) + at, value, true);
    return zip;
  };
  expect(() => readZip('x.zip', changed(8, 1))).toThrow(expect.objectContaining({ code: 'zip-encrypted' }));
  expect(() => readZip('x.zip', changed(10, 12))).toThrow(/method 12/);
  const twice = zipSync({ aa: utf8('x'), ab: utf8('y') }, { level: 0 });
  const at = new DataView(twice.buffer).getUint32(twice.length - 6, true);
  twice[at + 46 + 2 + 46 + 1] = 'a'.charCodeAt(0);
  expect(() => readZip('x.zip', twice)).toThrow(expect.objectContaining({ code: 'zip-duplicate' }));
});

/** Directory and local header of a zip by fflate, with a way to change the fields of an entry. */
function forged(entries: Parameters<typeof zipSync>[0], change: (view: DataView, directory: number) => void): Uint8Array {
  const zip = zipSync(entries, { level: 9 });
  const view = new DataView(zip.buffer);
  change(view, view.getUint32(zip.length - 6, true));
  return zip;
}

test('a stream that outgrows what it declares is left at the first byte too many, though the checksum of that part fits', () => {
  const zeros = new Uint8Array(5_000_000);
  const zip = forged({ zeros }, (view, directory) => {
    view.setUint32(directory + 16, crc32(Uint8Array.of(0)), true);
    view.setUint32(directory + 24, 1, true);
  });
  expect(() => readZip('x.zip', zip)).toThrow(
    expect.objectContaining({ code: 'zip-damaged', message: expect.stringContaining('1 bytes that it declares') }),
  );
});

test('files that share bytes are refused before any is unpacked', () => {
  const count = 1000;
  const names = Object.fromEntries(Array.from({ length: count }, (_, i) => [`a${i}`, new Uint8Array(50_000)]));
  const zip = forged(names, (view, directory) => {
    let at = directory;
    for (let i = 0; i < count; i++) {
      view.setUint32(at + 42, 0, true);
      at += 46 + view.getUint16(at + 28, true);
    }
  });
  expect(() => readZip('x.zip', zip)).toThrow(/a1 lies inside a0/);
});

test('an archive that unpacks to more than a hundred times its size is refused past 64 MB', () => {
  const bomb = zipSync({ zeros: new Uint8Array(70_000_000) }, { level: 9 });
  expect(() => readZip('x.zip', bomb)).toThrow(
    expect.objectContaining({ code: 'zip-limit', message: expect.stringContaining('unpacks to 70000000 bytes') }),
  );
});

test('names that objects have of their own are names like any other; endless ones are refused', () => {
  const odd = ['__proto__', 'constructor', 'hasOwnProperty'].map((path) => ({ path, bytes: utf8(path) }));
  expect([...readZip('x.zip', writeZip(odd))]).toEqual(odd.map(({ path, bytes }) => [path, bytes]));
  expect(() => readZip('x.zip', writeZip([{ path: 'n'.repeat(60_000), bytes: utf8('x') }]))).toThrow(
    expect.objectContaining({ code: 'zip-path' }),
  );
});

test('other programs read what is written', () => {
  expect(unzipSync(writeZip(files))).toEqual(Object.fromEntries(files.map(({ path, bytes }) => [path, bytes])));
});

test('a zip of blobs, read piece by piece, has the bytes of one that is made in memory', async () => {
  const files = [
    { path: 'config.json', bytes: new TextEncoder().encode('{"über": 1}') },
    { path: 'empty', bytes: new Uint8Array() },
    { path: 'model.safetensors', bytes: Uint8Array.from({ length: 2 ** 23 + 5 }, (_, i) => (i * i) >> 7) },
  ];
  const zip = await zipOf(files.map(({ path, bytes }) => ({ path, blob: new Blob([bytes]) })));
  expect(Buffer.compare(new Uint8Array(await zip.arrayBuffer()), writeZip(files))).toBe(0);
});
