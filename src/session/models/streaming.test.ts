// Weights on their way, before they reach a device: every wanted number once, and the checksum of the whole files, whatever order they are read in.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { vectors } from '../../../test/testing.ts';
import { bytesOf } from '../../formats/bytes.ts';
import { openSafetensors, writeSafetensors } from '../../formats/safetensors.ts';
import { readFloats } from '../../formats/tensor_file.ts';
import { openCheckpoint } from '../../hub/checkpoint.ts';
import { fileFolder } from '../../hub/folder.ts';
import { streamTensors } from './weights.ts';

const fileAt = (path: string) => new Uint8Array(readFileSync(vectors + path));
const sha256 = (...parts: readonly Uint8Array[]) => parts.reduce((hash, bytes) => hash.update(bytes), createHash('sha256')).digest('hex');

async function streamed(files: Readonly<Record<string, Uint8Array<ArrayBuffer>>>, wanted: readonly string[]) {
  const folder = fileFolder(
    Object.entries(files).map(([path, bytes]) => ({ path, blob: new Blob([bytes]) })),
    'm',
  );
  const checkpoint = await openCheckpoint(folder);
  if (!checkpoint) return expect.unreachable('the folder has weights');
  const bytes = new Map<string, number[]>();
  const progress: number[] = [];
  const digest = await streamTensors(
    checkpoint,
    new Set(wanted),
    ({ stored, offset, bytes: piece }) => {
      const all = bytes.get(stored.entry.name) ?? [];
      expect(offset).toBe(all.length);
      bytes.set(stored.entry.name, [...all, ...piece]);
      return Promise.resolve();
    },
    (done, of) => progress.push(done / of),
  );
  expect(progress.at(-1)).toBe(1);
  return { digest, bytes };
}

test('a torch file, whose tensors share storages, lie in strides and are wanted in part, gives its own checksum and their bytes', async () => {
  const whole = fileAt('torch/state_dict.bin');
  const expected = await openSafetensors(bytesOf('expected', fileAt('torch/expected.safetensors')));
  for (const wanted of [['transposed'], ['f32', 'shared', 'rows', 'permuted'], [...expected.tensors.keys()], []]) {
    const { digest, bytes } = await streamed({ 'pytorch_model.bin': whole }, wanted);
    expect(digest).toBe(sha256(whole));
    expect([...bytes.keys()].sort()).toEqual(wanted.filter((name) => name !== 'empty').sort());
  }
  const { bytes } = await streamed({ 'pytorch_model.bin': whole }, ['transposed']);
  const values = new Float32Array(Uint8Array.from(bytes.get('transposed') ?? []).buffer);
  expect(values).toEqual(await readFloats(expected, 'transposed'));
});

test('the checksum of shards is that of their bytes in the order of names', async () => {
  const shard = (name: string) =>
    writeSafetensors([{ name, dtype: 'F32', shape: [3], bytes: new Uint8Array(Float32Array.of(1, 2, 3).buffer) }], {});
  const [a, b] = [shard('a'), shard('b')];
  const index = Uint8Array.from(new TextEncoder().encode('{"weight_map": {"b": "2.safetensors", "a": "1.safetensors"}}'));
  const files = { '2.safetensors': b, 'model.safetensors.index.json': index, '1.safetensors': a };
  const { digest, bytes } = await streamed(files, ['b']);
  expect(digest).toBe(sha256(a, b));
  expect([...bytes.keys()]).toEqual(['b']);
});
