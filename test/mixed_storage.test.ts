// Checkpoints whose tensors are not all of one type, as merged and partly converted ones are: each is read as the type that it has. The numbers are such
// that f32, f16 and bf16 hold them exactly, so a model in any mixture has the bits of the model in f32.

import { expect, test } from 'vitest';
import { nodeHost } from '../cli/host.ts';
import { bytesOf } from '../src/formats/bytes.ts';
import { f32ToF16 } from '../src/formats/half.ts';
import { openSafetensors, writeSafetensors } from '../src/formats/safetensors.ts';
import { readFloats } from '../src/formats/tensor_file.ts';
import type { ModelRef } from '../src/protocol/config.ts';
import { type BaseModel, openBaseModel } from '../src/session/models/base_model.ts';
import { differingNames, smallChoices, smallShape } from './outcome.ts';
import { randomBatch, randomModelFiles } from './random_model.ts';
import { testEngine } from './testing.ts';

type Stored = 'F32' | 'F16' | 'BF16';

/** A word table of several bindings of 8 KiB. */
const shape = { ...smallShape, vocab_size: 256 };
const files = randomModelFiles(shape);
const blobOf = (path: string) => files.files.find((file) => file.path === path)?.blob as Blob;
const whole = await openSafetensors(bytesOf('model.safetensors', new Uint8Array(await blobOf('model.safetensors').arrayBuffer())));

/** At most eight binary digits: exact in f16 and in bf16. */
const exact = (value: number): number => Math.round(value * (Math.abs(value) < 0.25 ? 1024 : 64)) / (Math.abs(value) < 0.25 ? 1024 : 64);

function bytesAs(values: Float32Array<ArrayBuffer>, dtype: Stored): Uint8Array<ArrayBuffer> {
  if (dtype === 'F32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return new Uint8Array(Uint16Array.from(values, (value, i) => (dtype === 'F16' ? f32ToF16(value) : (bits[i] as number) >>> 16)).buffer);
}

/** The same numbers, each tensor stored as `dtypeOf` says. */
async function modelAs(dtypeOf: (name: string) => Stored): Promise<BaseModel> {
  const tensors = await Promise.all(
    [...whole.tensors.values()].map(async ({ name, shape }) => {
      const values = Float32Array.from(await readFloats(whole, name), exact);
      return { name, shape, dtype: dtypeOf(name), bytes: bytesAs(values, dtypeOf(name)) };
    }),
  );
  const model: ModelRef = {
    ...{ kind: 'files', name: 'mixed' },
    files: [
      { path: 'config.json', blob: blobOf('config.json') },
      { path: 'model.safetensors', blob: new Blob([writeSafetensors(tensors, { format: 'pt' })]) },
    ],
  };
  return openBaseModel(model, nodeHost());
}

const mixtures: Readonly<Record<string, (name: string) => Stored>> = {
  'tables of three types, layers of one type each': (name) => {
    if (name.includes('position')) return 'F32';
    if (name.includes('token_type')) return 'BF16';
    if (name.includes('layer.1.')) return 'F32';
    return name.includes('layer.2.') ? 'BF16' : 'F16';
  },
  'one table of three in f16, and matrices of one layer by turns': (name) => {
    if (name.includes('token_type')) return 'F16';
    return /query|output\.dense|pooler/.test(name) && !name.endsWith('.bias') ? 'F16' : 'F32';
  },
  'biases and norms in f16, matrices in f32': (name) => (/bias|LayerNorm/.test(name) ? 'F16' : 'F32'),
  'all of it in f16': () => 'F16',
};

const batch = randomBatch(3, 3, 9, shape.vocab_size, 3);

/** Logits, and loss, gradients of a step. With `max_binding` the word table comes in pieces. */
async function numbersOf(model: BaseModel, method: string, max_binding?: number) {
  const { trainer, executor } = await testEngine({
    ...{ model, method, policy: 'store', pooling: 'cls', num_labels: 3, batch_size: 3, lengths: [9], options: smallChoices },
    change: (setup) => (max_binding === undefined ? setup : { ...setup, max_binding }),
  });
  const logits = await trainer.outputs(batch);
  const { loss } = await trainer.step(0, [batch]);
  const gradients = await trainer.read('gradient');
  executor.destroy();
  return { logits, loss, gradients };
}

test.each(Object.entries(mixtures))('%s: logits, loss and gradients are those of f32, bit for bit', async (_, dtypeOf) => {
  const [plain, mixed] = [await modelAs(() => 'F32'), await modelAs(dtypeOf)];
  for (const [method, max_binding] of [
    ['meft1', undefined],
    ['lora', 8192],
  ] as const) {
    const [expected, found] = [await numbersOf(plain, method, max_binding), await numbersOf(mixed, method, max_binding)];
    expect(expected.logits.some((logit) => logit !== 0)).toBe(true);
    expect(found.logits).toEqual(expected.logits);
    expect(found.loss).toBe(expected.loss);
    expect(differingNames(found.gradients, expected.gradients)).toEqual([]);
  }
});

test('an id that no table has adds zeros, whatever the arena held: the text beside it does not decide its numbers', async () => {
  const model = await modelAs(() => 'F16');
  const { trainer, executor } = await testEngine({
    ...{ model, method: 'lora', policy: 'store', pooling: 'mean', num_labels: 3, batch_size: 3, lengths: [9], options: smallChoices },
  });
  const strange = (seed: number) => {
    const made = randomBatch(seed, 3, 9, shape.vocab_size, 3);
    // The first text is the same in all, with ids past the ends of all three tables.
    for (const [name, id] of [
      ['input_ids', 5e9 % 2 ** 32],
      ['token_type_ids', 7],
      ['position_ids', 0xfffffff0],
    ] as const) {
      made.inputs[name].set(batch.inputs[name].subarray(0, 9), 0);
      made.inputs[name][2] = id;
    }
    made.inputs.lengths[0] = 9;
    return made;
  };
  const first = (logits: Float32Array) => [...logits.subarray(0, 3)];
  const found = [];
  for (const seed of [1, 2, 3]) {
    found.push(first(await trainer.outputs(strange(seed))));
    await trainer.outputs(randomBatch(seed + 10, 3, 9, shape.vocab_size, 3));
  }
  executor.destroy();
  expect(found[0]?.every(Number.isFinite)).toBe(true);
  expect(found[1]).toEqual(found[0]);
  expect(found[2]).toEqual(found[0]);
});
