// How weights reach the GPU: in small pieces, in the type that they are stored in, and in several bindings where a table is larger than one.

import { expect, test } from 'vitest';
import { batchOf, modelAt, type RecordedBatch, readVectorJson, testEngine, vectors } from '../../../test/testing.ts';
import type { ByteSource } from '../../formats/bytes.ts';
import { openSafetensors } from '../../formats/safetensors.ts';
import { openFile } from '../../hub/folder.ts';
import { bytesInFlight, Uploads } from './weights.ts';

const miniLM = new URL('../../../public/models/all-MiniLM-L6-v2', import.meta.url).pathname;
const request = { method: 'linear-probe', policy: 'store', pooling: 'mean', num_labels: 3, batch_size: 2, lengths: [8] } as const;

test('the bundled checkpoint is read in pieces of at most 4 MiB, once, and its matrices stay f16 on the GPU', async () => {
  const model = await modelAt(miniLM);
  const source = await openFile(model.folder, 'model.safetensors');
  const reads: number[] = [];
  const counting: ByteSource = {
    name: source.name,
    size: source.size,
    read: (begin, end) => {
      reads.push(end - begin);
      return source.read(begin, end);
    },
  };
  const file = await openSafetensors(counting);
  const header = reads.reduce((sum, bytes) => sum + bytes, 0);
  const tensors = new Map([...file.tensors].map(([name, entry]) => [name, { file, entry }]));
  const { executor } = await testEngine({ ...request, model: { ...model, checkpoint: { files: [file], tensors, notes: [] } } });
  expect(Math.max(...reads)).toBeLessThanOrEqual(4 * 2 ** 20);
  // The header twice: once to open, once for the checksum.
  expect(reads.reduce((sum, bytes) => sum + bytes, 0)).toBe(source.size + header);
  const matrices = [...file.tensors.values()].filter(({ name, shape }) => shape.length === 2 && !name.startsWith('pooler'));
  const stored = matrices.reduce((sum, { begin, end }) => sum + end - begin, 0);
  const { weights } = executor.allocator.account.live;
  executor.destroy();
  expect(weights).toBeGreaterThan(stored);
  expect(weights).toBeLessThan(1.01 * stored);
});

test.each(['adamw', 'adafactor'] as const)(
  'cut into bindings of 8 KiB, tables and slabs give the logits, gradients and updates (%s) of whole ones',
  async (optim) => {
    const model = await modelAt(`${vectors}tiny_bert`);
    const batch = batchOf(readVectorJson<{ batch: RecordedBatch }>('tiny_bert/expected.json').batch);
    const results = [];
    for (const max_binding of [undefined, 8192]) {
      const { trainer, executor } = await testEngine({
        ...request,
        model,
        method: 'full',
        batch_size: 4,
        lengths: [11],
        training: { warmup_ratio: 0, optim },
        change: (setup) => (max_binding === undefined ? setup : { ...setup, max_binding }),
      });
      const logits = await trainer.outputs(batch);
      const { loss, grad_norm } = await trainer.step(0, [batch]);
      results.push({ logits, loss, gradients: await trainer.read('gradient'), parameters: await trainer.read('parameter') });
      expect(executor.plan.slabs.length).toBeGreaterThan(max_binding === undefined ? 1 : 10);
      expect(grad_norm).toBeGreaterThan(0);
      executor.destroy();
    }
    const [whole, cut] = results;
    expect(cut?.logits).toEqual(whole?.logits);
    expect(cut?.loss).toBe(whole?.loss);
    expect(cut?.gradients).toEqual(whole?.gradients);
    // The norm sums its parts in another order; so the clipped update differs in its last bits.
    for (const [name, values] of whole?.parameters ?? []) {
      const other = cut?.parameters.get(name) as Float32Array;
      expect(
        values.reduce((most, x, i) => Math.max(most, Math.abs(x - (other[i] as number))), 0),
        name,
      ).toBeLessThan(1e-6);
    }
  },
);

test('two micro-batches of two rows give the gradients of one batch of four', async () => {
  const model = await modelAt(`${vectors}tiny_bert`);
  const { batch: recorded } = readVectorJson<{ batch: RecordedBatch }>('tiny_bert/expected.json');
  const half = (begin: number): RecordedBatch => ({
    lengths: recorded.lengths.slice(begin, begin + 2),
    input_ids: recorded.input_ids.slice(begin, begin + 2),
    token_type_ids: recorded.token_type_ids.slice(begin, begin + 2),
    labels: recorded.labels.slice(begin, begin + 2),
  });
  const gradients = [];
  for (const micro of [1, 2]) {
    const { trainer, executor } = await testEngine({
      ...request,
      model,
      method: 'meft1',
      policy: 'reversible',
      batch_size: 4 / micro,
      lengths: [11],
      training: { gradient_accumulation_steps: micro },
    });
    const { loss } = await trainer.step(0, micro === 1 ? [batchOf(recorded)] : [batchOf(half(0)), batchOf(half(2))]);
    gradients.push({ loss, values: await trainer.read('gradient') });
    executor.destroy();
  }
  const [one, two] = gradients;
  expect(two?.loss).toBeCloseTo(one?.loss as number, 5);
  for (const [name, values] of one?.values ?? []) {
    const scale = values.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-6);
    const other = two?.values.get(name) as Float32Array;
    expect(values.reduce((most, x, i) => Math.max(most, Math.abs(x - (other[i] as number))), 0) / scale, name).toBeLessThan(1e-4);
  }
});

test('several pieces are on their way to the GPU at a time, and no more bytes than are said', async () => {
  const arrivals: (() => void)[] = [];
  const uploads = new Uploads(() => new Promise((resolve) => arrivals.push(resolve)));
  const piece = bytesInFlight / 4;
  let written = 0;
  const writing = (async () => {
    for (; written < 12; written++) await uploads.written(piece);
    await uploads.end();
  })();
  const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
  let arrived = 0;
  while (arrived < 12) {
    await turn();
    // Four may stay, and the fifth waits with its writer.
    expect(arrivals.length - arrived).toBe(Math.min(5, 12 - arrived));
    (arrivals[arrived++] as () => void)();
  }
  await writing;
  expect(written).toBe(12);
});
