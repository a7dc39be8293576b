import { expect, test } from 'vitest';
import { type ByteSource, bytesOf } from './bytes.ts';
import { duplicateKey } from './json_keys.ts';
import { openSafetensors, writeSafetensors } from './safetensors.ts';
import { readFloats, readTensorPieces } from './tensor_file.ts';

/** A file from its parts: header length (the header's own where left out), header, data. */
function file(header: string | readonly number[], dataBytes = 0, headerBytes?: bigint): Uint8Array {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : Uint8Array.from(header);
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, headerBytes ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const entry = (shape: string, offsets: string, dtype = '"F32"'): string => `{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}`;
const one = (shape: string, offsets: string, dtype?: string): string => `{"w":${entry(shape, offsets, dtype)}}`;

const hostile: [what: string, bytes: Uint8Array, code: string, says: RegExp][] = [
  ['an empty file', new Uint8Array(0), 'truncated', /has 0 bytes/],
  ['a file of seven bytes', new Uint8Array(7), 'truncated', /has 7 bytes/],
  ['a header length beyond the limit', file('{}', 0, 100_000_001n), 'header-size', /claims a header of 100000001 bytes/],
  ['a header length of 2^64 - 1', file('{}', 0, 0xffffffffffffffffn), 'header-size', /at most 100000000/],
  ['a pointer of Git LFS', new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\n'), 'lfs-pointer', /Git LFS/],
  ['a header that ends behind the file', file('{}', 0, 3n), 'truncated', /has 10 bytes, but its header alone ends at byte 11/],
  ['an empty header', file(''), 'header-json', /does not begin with "\{"/],
  ['a header that is not UTF-8', file([0x7b, 0x22, 0xff, 0x22, 0x7d]), 'header-encoding', /not UTF-8 at byte 10/],
  ['a header that is not JSON', file('{"w":'), 'header-json', /not JSON/],
  ['a header that is a list', file('[]'), 'header-json', /does not begin with "\{"/],
  ['a header behind spaces', file('  {}'), 'header-json', /does not begin with "\{"/],
  ['two objects', file('{}{}'), 'header-json', /not JSON/],
  ['a pickled file', file([0x80, 0x02, 0x8a, 0x0a]), 'header-encoding', /byte 8/],
  ['a tensor named twice', file(`{"w":${entry('[1]', '[0,4]')},"w":${entry('[1]', '[4,8]')}}`, 8), 'duplicate', /names "w" twice/],
  ['a tensor named twice by escapes', file(`{"w":${entry('[1]', '[0,4]')},"\\u0077":${entry('[1]', '[4,8]')}}`, 8), 'duplicate', /"w"/],
  ['a shape given twice', file('{"w":{"dtype":"F32","shape":[1],"shape":[2],"data_offsets":[0,8]}}', 8), 'duplicate', /"shape" twice/],
  ['metadata that is not text', file('{"__metadata__":{"step":3}}'), 'metadata', /"step" of x is not a string/],
  ['metadata that is a list', file('{"__metadata__":[]}'), 'metadata', /not an object/],
  ['an entry that is not an object', file('{"w":3}'), 'entry', /tensor w is not an object/],
  ['an unknown dtype', file(one('[1]', '[0,4]', '"F33"'), 4), 'dtype', /dtype "F33"/],
  ['a dtype that is a property of every object', file(one('[1]', '[0,4]', '"toString"'), 4), 'dtype', /toString/],
  ['a dtype that is no text', file(one('[1]', '[0,4]', '4'), 4), 'dtype', /dtype 4/],
  ['a missing shape', file('{"w":{"dtype":"F32","data_offsets":[0,4]}}', 4), 'shape', /shape undefined/],
  ['a negative length', file(one('[-1]', '[0,4]'), 4), 'shape', /shape \[-1\]/],
  ['a broken length', file(one('[1.5]', '[0,6]'), 6), 'shape', /shape \[1\.5\]/],
  ['a length beyond 2^53', file(one('[9007199254740993]', '[0,4]'), 4), 'shape', /whole numbers/],
  ['a length that is text', file(one('["1"]', '[0,4]'), 4), 'shape', /shape \["1"\]/],
  ['missing offsets', file('{"w":{"dtype":"F32","shape":[1]}}', 4), 'offsets', /data_offsets undefined/],
  ['three offsets', file(one('[1]', '[0,4,8]'), 8), 'offsets', /two whole numbers/],
  ['negative offsets', file(one('[1]', '[-4,0]'), 4), 'offsets', /\[-4,0\]/],
  ['offsets in the wrong order', file(one('[1]', '[4,0]'), 4), 'size', /span -4/],
  ['a shape too large for its bytes', file(one('[2,3]', '[0,20]'), 20), 'size', /F32 \[2,3\]\) takes 24 bytes.*span 20/],
  ['a shape whose product overflows', file(one('[4294967296,4294967296,4294967296]', '[0,0]'), 0), 'size', /takes 3\.1/],
  ['a length 0 beside one of 2^53 - 1', file(one('[0,9007199254740991]', '[0,0]'), 0), 'shape', /at most 16 dimensions and 2\^48 elements/],
  ['a length 0 beside a product that overflows', file(one('[4294967295,0,4294967295]', '[0,0]'), 0), 'shape', /2\^48/],
  ['a hundred thousand dimensions', file(one(`[${'1,'.repeat(99_999)}1]`, '[0,4]'), 4), 'shape', /shape \[1,1,1,1,1,1,1,1,1,1,1,1,…\]/],
  ['a name of 20 MB', file(`{"${'n'.repeat(20_000_000)}":${entry('[1]', '[0,4]')}}`, 4), 'name', /a name of 20000000 characters/],
  ['a name of a million escapes', file(`{"${'\\"'.repeat(1_000_000)}":${entry('[1]', '[0,4]')}}`, 4), 'name', /1000000 characters/],
  ['a dtype that is lists in lists', file(one('[1]', '[0,4]', `${'['.repeat(1e6)}${']'.repeat(1e6)}`), 4), 'dtype', /dtype \[{5}…\]{5}/],
  ['a scalar without bytes', file(one('[]', '[0,0]'), 0), 'size', /takes 4 bytes/],
  ['two tensors that overlap', file(`{"a":${entry('[2]', '[0,8]')},"b":${entry('[2]', '[4,12]')}}`, 12), 'overlap', /inside tensor a/],
  ['two tensors in one place', file(`{"a":${entry('[1]', '[0,4]')},"b":${entry('[1]', '[0,4]')}}`, 4), 'overlap', /b begins at/],
  [
    'a hole between tensors',
    file(`{"a":${entry('[1]', '[0,4]')},"b":${entry('[1]', '[8,12]')}}`, 12),
    'hole',
    /before tensor b, belong to no/,
  ],
  ['a hole at the beginning', file(one('[1]', '[4,8]'), 8), 'hole', /before tensor w/],
  ['bytes behind the last tensor', file(one('[1]', '[0,4]'), 6), 'trailing', /2 bytes after the last tensor/],
  ['bytes without any tensor', file('{}', 1), 'trailing', /1 bytes/],
  ['a tensor cut off', file(one('[2]', '[0,8]'), 7), 'truncated', /w ends at byte .* but x has/],
];

test.each(hostile)('%s is refused', async (_, bytes, code, says) => {
  const opened = openSafetensors(bytesOf('x', bytes));
  await expect(opened).rejects.toMatchObject({ code: `safetensors-${code}`, where: expect.stringContaining('x') });
  await expect(opened).rejects.toThrow(says);
});

test('a sound file survives no cut: every shorter prefix is refused', async () => {
  const whole = file(`{"a":${entry('[1]', '[0,4]')},"b":${entry('[1]', '[4,8]')}}   `, 8);
  await openSafetensors(bytesOf('x', whole));
  for (let length = 0; length < whole.length; length++) {
    await expect(openSafetensors(bytesOf('x', whole.slice(0, length))), `${length} bytes`).rejects.toThrow();
  }
});

// safetensors 0.8.0 (Python): save({"b.weight": f32 [[1,2],[3,4]], "a": f16 [1,2,3], "ids": i64 [7], "i": i32 [5], "é": f32 2.5,
// "m": bool [1,0,1]}, metadata={"format": "pt"})
const reference = Uint8Array.from(
  atob(
    'eAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCJ9LCJpZHMiOnsiZHR5cGUiOiJJNjQiLCJzaGFwZSI6WzFdLCJkYXRhX29mZnNldHMiOlswLDhdfSwiYi53' +
      'ZWlnaHQiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzIsMl0sImRhdGFfb2Zmc2V0cyI6WzgsMjRdfSwiw6kiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6W10sImRhdGFf' +
      'b2Zmc2V0cyI6WzI0LDI4XX0sImkiOnsiZHR5cGUiOiJJMzIiLCJzaGFwZSI6WzFdLCJkYXRhX29mZnNldHMiOlsyOCwzMl19LCJhIjp7ImR0eXBlIjoiRjE2Iiwic2hh' +
      'cGUiOlszXSwiZGF0YV9vZmZzZXRzIjpbMzIsMzhdfSwibSI6eyJkdHlwZSI6IkJPT0wiLCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOlszOCw0MV19fSAgICAgBwAA' +
      'AAAAAAAAAIA/AAAAQAAAQEAAAIBAAAAgQAUAAAAAPABAAEIBAAE=',
  ),
  (character) => character.charCodeAt(0),
);

test('the writer gives the bytes of the reference, and the reader its values', async () => {
  const bytes = (array: ArrayBufferView<ArrayBuffer>): Uint8Array => new Uint8Array(array.buffer);
  const written = writeSafetensors(
    [
      { name: 'a', dtype: 'F16', shape: [3], bytes: bytes(Uint16Array.of(0x3c00, 0x4000, 0x4200)) },
      { name: 'b.weight', dtype: 'F32', shape: [2, 2], bytes: bytes(Float32Array.of(1, 2, 3, 4)) },
      { name: 'i', dtype: 'I32', shape: [1], bytes: bytes(Int32Array.of(5)) },
      { name: 'ids', dtype: 'I64', shape: [1], bytes: bytes(BigInt64Array.of(7n)) },
      { name: 'm', dtype: 'BOOL', shape: [3], bytes: Uint8Array.of(1, 0, 1) },
      { name: 'é', dtype: 'F32', shape: [], bytes: bytes(Float32Array.of(2.5)) },
    ],
    { format: 'pt' },
  );
  expect(written).toEqual(reference);
  const opened = await openSafetensors(bytesOf('x', reference));
  expect(opened.metadata).toEqual({ format: 'pt' });
  expect([...opened.tensors.keys()]).toEqual(['ids', 'b.weight', 'é', 'i', 'a', 'm']);
  expect(await readFloats(opened, 'a')).toEqual(Float32Array.of(1, 2, 3));
  expect(await readFloats(opened, 'é')).toEqual(Float32Array.of(2.5));
  await expect(readFloats(opened, 'ids')).rejects.toMatchObject({ code: 'safetensors-dtype' });
  await expect(readFloats(opened, 'nobody')).rejects.toMatchObject({ code: 'missing-tensor', where: 'x, nobody' });
});

test('opening reads the header and nothing else, and a tensor comes in pieces of whole elements', async () => {
  const ranges: [number, number][] = [];
  const bytes = file(one('[10]', '[0,40]'), 40);
  for (let i = 0; i < 40; i++) bytes[bytes.length - 40 + i] = i;
  const begin = bytes.length - 40;
  const counting: ByteSource = {
    ...bytesOf('x', bytes),
    read: (from, to) => {
      ranges.push([from, to]);
      return Promise.resolve(bytes.slice(from, to));
    },
  };
  const opened = await openSafetensors(counting);
  expect(ranges).toEqual([
    [0, 8],
    [8, begin],
  ]);
  const pieces: [number, number | undefined, number][] = [];
  for await (const piece of readTensorPieces(opened, 'w', 23)) pieces.push([piece.offset, piece.bytes[0], piece.bytes.length]);
  expect(pieces).toEqual([
    [0, 0, 16],
    [16, 16, 16],
    [32, 32, 8],
  ]);
});

test('empty tensors and an empty file are sound', async () => {
  expect((await openSafetensors(bytesOf('x', file('{}')))).tensors.size).toBe(0);
  const opened = await openSafetensors(bytesOf('x', file(`{"b":${entry('[1]', '[0,4]')},"a":${entry('[0,7]', '[0,0]')}}`, 4)));
  expect(opened.tensors.get('a')).toMatchObject({ begin: opened.tensors.get('b')?.begin, shape: [0, 7] });
});

test('a key is twice only within one object', () => {
  expect(duplicateKey('{"a":{"b":1},"b":{"a":["a","a",{"c":"b"}]}}')).toBeUndefined();
  expect(duplicateKey('[{"a":1},{"a":2}]')).toBeUndefined();
  expect(duplicateKey('{"x":[{"a":"}","b":"\\"","a":2}]}')).toBe('a');
});

test('tensors and metadata named as what objects have of their own are there', async () => {
  const text = `{"__metadata__":{"__proto__":"p","constructor":"c"},"__proto__":${entry('[1]', '[0,4]')}}`;
  const { metadata, tensors } = await openSafetensors(bytesOf('x', file(text, 4)));
  expect(Object.entries(metadata)).toEqual([
    ['__proto__', 'p'],
    ['constructor', 'c'],
  ]);
  expect([...tensors.keys()]).toEqual(['__proto__']);
});
