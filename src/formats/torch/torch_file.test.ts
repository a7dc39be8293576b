import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type ByteSource, bytesOf } from '../bytes.ts';
import { openSafetensors } from '../safetensors.ts';
import { elementsOf, readFloats, readTensorPieces, type TensorFile } from '../tensor_file.ts';
import { writeZip } from '../zip.ts';
import { dict, global, int, type Part, type PickledTensor, pickle, tensor, text, tuple } from './testing.ts';
import { openTorchFile } from './torch_file.ts';

// Written by python/record/torch_files.py.
const recorded = (name: string) =>
  new Uint8Array(readFileSync(fileURLToPath(new URL(`../../../python/vectors/torch/${name}`, import.meta.url))));

async function bytesIn(file: TensorFile, name: string, maxBytes = 2 ** 20): Promise<Uint8Array> {
  const pieces: number[] = [];
  for await (const { offset, bytes } of readTensorPieces(file, name, maxBytes)) {
    expect(offset).toBe(pieces.length);
    pieces.push(...bytes);
  }
  return Uint8Array.from(pieces);
}

test.each(['state_dict.bin', 'protocol5.bin', 'nested.bin'])(
  '%s has the names, types, shapes and bytes that PyTorch wrote',
  async (name) => {
    const file = await openTorchFile(bytesOf(name, recorded(name)));
    const expected = await openSafetensors(bytesOf('expected', recorded('expected.safetensors')));
    expect([...file.tensors.keys()].sort()).toEqual([...expected.tensors.keys()].sort());
    expect(file.tensors.size).toBeGreaterThan(20);
    for (const [tensor, { dtype, shape }] of expected.tensors) {
      expect(file.tensors.get(tensor), tensor).toMatchObject({ dtype, shape });
      expect(await bytesIn(file, tensor), tensor).toEqual(await bytesIn(expected, tensor));
      expect(await bytesIn(file, tensor, 16), `${tensor} in pieces`).toEqual(await bytesIn(expected, tensor));
    }
    expect(file.tensors.get('transposed')?.strides).toEqual([1, 10]);
    expect(file.tensors.get('rows')?.strides).toBeUndefined();
    expect(await readFloats(file, 'bf16')).toEqual(await readFloats(expected, 'bf16'));
  },
);

test('a dict that holds the weights is looked through, and said', async () => {
  const nested = await openTorchFile(bytesOf('nested.bin', recorded('nested.bin')));
  expect(nested.notes).toEqual(["nested.bin: the weights are those under 'state_dict'."]);
  const training = await openTorchFile(bytesOf('training.bin', recorded('training.bin')));
  expect([...training.tensors.keys()]).toEqual(['weight']);
  expect(training.notes).toEqual(["training.bin: the weights are those under 'model'."]);
});

test('opening reads the directory, the headers and the pickle, and a tensor its own bytes', async () => {
  const bytes = recorded('state_dict.bin');
  const ranges: [number, number][] = [];
  const source: ByteSource = {
    ...bytesOf('x', bytes),
    read: (begin, end) => {
      ranges.push([begin, end]);
      return Promise.resolve(bytes.slice(begin, end));
    },
  };
  const file = await openTorchFile(source);
  const { begin, end } = file.tensors.get('u16') as { begin: number; end: number };
  // The tail of a file this small is all of it; every other read is elsewhere.
  expect(ranges.filter(([from, to]) => from < end && to > begin && to - from < bytes.length)).toEqual([]);
  ranges.length = 0;
  await bytesIn(file, 'u16');
  expect(ranges).toEqual([[begin, end]]);
});

const utf8 = new TextEncoder();
const archive = (content: Part, records: Record<string, Uint8Array> = { 'data/0': Uint8Array.from({ length: 16 }, (_, i) => i) }) =>
  writeZip(
    [['data.pkl', pickle(content)] as const, ...Object.entries(records)].map(([path, bytes]) => ({
      path: `x/${path}`,
      bytes,
    })),
  );

const open = (bytes: Uint8Array) => openTorchFile(bytesOf('x.bin', bytes));
const one = (changes: PickledTensor): Uint8Array => archive(dict(text('w'), tensor(changes)));

test('the least file that torch could have written opens, with big-endian elements turned', async () => {
  const records = { byteorder: utf8.encode('big'), 'data/0': Uint8Array.of(0x3f, 0x80, 0, 0, 0x40, 0, 0, 0, 0x40, 0x40, 0, 0, 0, 0, 0, 0) };
  const file = await open(archive(dict(text('w'), tensor()), records));
  expect(await readFloats(file, 'w')).toEqual(Float32Array.of(1, 2, 3, 0));
});

const hostile: [what: string, bytes: Uint8Array, code: string, says: RegExp][] = [
  ['a call of the system', archive([global('os', 'system'), text('id'), 0x85, 'R']), 'global', /"os.system"/],
  ['a call of a builtin', archive([global('builtins', 'eval'), text('1'), 0x85, 'R']), 'global', /"builtins.eval"/],
  ['a global by the stack', archive([0x8c, 5, 'posix', 0x8c, 6, 'system', 0x93]), 'global', /"posix.system"/],
  ['a global that is part of torch, but no state', archive(global('torch.hub', 'load')), 'global', /torch\.hub\.load/],
  ['a global named by a long text', archive(global('a'.repeat(70_000), 'b')), 'pickle', /at most 65536/],
  ['a known global of another module', archive(global('evil', 'OrderedDict')), 'global', /evil\.OrderedDict/],
  ['an instance of a class', archive([global('collections', 'OrderedDict'), ')', 0x81]), 'opcode', /0x81/],
  ['the oldest way of calling', archive(['(', text('id'), 'i', 'os\nsystem\n']), 'opcode', /0x69/],
  ['attributes set on a tensor', archive([tensor(), '}', 'b']), 'pickle', /no OrderedDict/],
  ['a text applied', archive([text('a'), ')R']), 'pickle', /no known global/],
  ['a pickle without an end', archive([dict(), 0x80, 2, 'X', 255, 255, 0, 0]), 'pickle', /65535 bytes are asked for where 1/],
  ['a text beyond the limit', archive(['X', 255, 255, 255, 127]), 'pickle', /text of 2147483647 bytes/],
  ['nothing to pop', archive('R'), 'pickle', /value is missing/],
  ['nothing to stop with', archive(''), 'pickle', /value is missing/],
  ['a mark that is missing', archive('t'), 'pickle', /mark is missing/],
  ['a memo that is empty', archive(['h', 3]), 'pickle', /value 3 of its memo/],
  ['items of a list set', archive([']', text('a'), text('b'), 's']), 'pickle', /no dict/],
  ['an odd number of items', archive(['}', '(', text('a'), 'u']), 'pickle', /no dict/],
  ['a protocol of tomorrow', archive([0x80, 6]), 'pickle', /above 5/],
  ['a list in place of a dict', archive(']'), 'no-tensors', /holds no dict/],
  ['a dict of numbers', archive(dict(text('step'), int(3))), 'no-tensors', /"step"/],
  ['a dict that holds itself', archive(['}', 'q', 0, '(', text('state_dict'), 'h', 0, 'u']), 'no-tensors', /"state_dict"/],
  ['a storage that is missing', one({ key: '7' }), 'tensor', /w lies in the storage "7", which the archive lacks/],
  ['a storage outside its folder', one({ key: '../../etc/passwd' }), 'tensor', /lacks/],
  ['more elements than the record has', one({ elements: 5 }), 'tensor', /5 elements \(F32\), but the record data\/0 has 16 bytes/],
  ['fewer elements than the record has', one({ elements: 3 }), 'tensor', /16 bytes/],
  ['a storage of a type that is none', one({ storage: 'Size' }), 'tensor', /no storage of a known type/],
  ['a storage of a type that every object has', one({ storage: 'float32' }), 'tensor', /known type/],
  ['an offset behind the storage', one({ offset: int(1) }), 'tensor', /byte 20 of its storage, which has 16/],
  ['a negative offset', one({ offset: int(-1) }), 'tensor', /no offset/],
  ['a shape larger than the storage', one({ shape: tuple(int(5)) }), 'tensor', /byte 20/],
  ['a stride out of the storage', one({ strides: tuple(int(2)) }), 'tensor', /byte 28/],
  ['a negative stride', one({ strides: tuple(int(-1)) }), 'tensor', /strides that are no whole numbers/],
  ['a length that is text', one({ shape: tuple(text('4')) }), 'tensor', /shape that are no whole/],
  ['a length beyond 2^53', one({ shape: tuple([0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 64]) }), 'tensor', /shape/],
  ['a broken length', one({ shape: tuple(['G', 0x3f, 0xf8, 0, 0, 0, 0, 0, 0]) }), 'tensor', /shape/],
  ['fewer strides than dimensions', one({ strides: ')' }), 'tensor', /1 dimensions and 0 strides/],
  ['nine dimensions', one({ shape: tuple(...Array<Part>(9).fill(int(1))), strides: tuple(...Array<Part>(9).fill(int(1))) }), 'tensor', /9/],
  [
    '2^62 elements out of one',
    one({ shape: tuple(int(2 ** 31 - 1), int(2 ** 31 - 1)), strides: tuple(int(0), int(0)) }),
    'tensor',
    /storage of 4/,
  ],
  ['a parameter of nothing', archive(dict(text('w'), global('torch._utils', '_rebuild_parameter'), ')R')), 'tensor', /without a tensor/],
  ['a tensor of nothing', archive(dict(text('w'), global('torch._utils', '_rebuild_tensor_v2'), ')R')), 'tensor', /no storage/],
  ['a late tensor without a type', one({ rebuild: '_rebuild_tensor_v3' }), 'tensor', /no known type/],
  ['a program of TorchScript', archive(dict(), { 'constants.pkl': Uint8Array.of(1) }), 'script', /TorchScript/],
  ['an archive without a pickle', writeZip([{ path: 'x/version', bytes: Uint8Array.of(51) }]), 'damaged', /no data\.pkl among its 1/],
  ['an unknown byte order', archive(dict(), { byteorder: utf8.encode('middle') }), 'damaged', /"middle"/],
  [
    'the form before 1.6',
    Uint8Array.from([0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e]),
    'legacy',
    /before 1\.6/,
  ],
  ['the tar form', Uint8Array.from([...new Uint8Array(257), ...utf8.encode('ustar'), ...new Uint8Array(250)]), 'legacy', /tar form/],
  ['a plain pickle', pickle(dict()), 'not-torch', /plain pickle/],
  ['an empty file', new Uint8Array(0), 'not-torch', /is empty/],
  ['a pointer of Git LFS', utf8.encode('version https://git-lfs.github.com/spec/v1\n'), 'not-torch', /Git LFS/],
  ['a page', utf8.encode('<html>'), 'not-torch', /begins with 3c 68/],
];

test.each(hostile)('%s is refused', async (_, bytes, code, says) => {
  const opened = open(bytes);
  await expect(opened).rejects.toMatchObject({
    code: `torch-${code}`,
    where: expect.stringContaining('x.bin'),
    remedy: expect.any(String),
  });
  await expect(opened).rejects.toThrow(says);
});

test('what is refused in a pickle is named with its byte', async () => {
  await expect(open(archive([text('abc'), global('os', 'system')]))).rejects.toMatchObject({ where: 'x.bin, data.pkl, byte 10' });
});

test('the legacy form is said with the line that converts it', async () => {
  const legacy = Uint8Array.from([0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e]);
  await expect(openTorchFile(bytesOf('m/pytorch_model.bin', legacy))).rejects.toMatchObject({
    remedy: expect.stringContaining(
      "torch.save(torch.load('pytorch_model.bin', map_location='cpu', weights_only=True), 'pytorch_model.bin')",
    ),
  });
});

test('no cut and no changed byte of a file is anything but an error of its own or sound tensors', async () => {
  const whole = recorded('training.bin');
  const outcome = (bytes: Uint8Array) =>
    open(bytes).then(
      async (file) => {
        for (const [name, { shape }] of file.tensors) if (elementsOf(shape) < 1e6) await bytesIn(file, name);
        return 'sound';
      },
      (thrown: { code?: string }) => thrown.code ?? String(thrown),
    );
  for (let length = 0; length < whole.length; length++) expect(await outcome(whole.slice(0, length)), `${length} bytes`).toMatch(/^torch-/);
  const codes = new Set<string>();
  for (let at = 0; at < whole.length; at++) {
    const changed = whole.slice();
    changed[at] = ((changed[at] as number) + 1 + (at % 254)) % 256;
    codes.add(await outcome(changed));
  }
  expect([...codes].filter((code) => code !== 'sound' && !code.startsWith('torch-'))).toEqual([]);
  expect(codes.size).toBeGreaterThan(3);
});
