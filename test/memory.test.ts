// The memory of a step, by plan, at BERT-base's configuration and those of other published backbones: what docs/memory.md claims. No GPU: that the
// allocator obeys the plan is matrix.test.ts's business.

import { expect, test } from 'vitest';
import { backboneNamed, backboneNames, distilGpt2, pictureBackbones } from '../bench/configurations.ts';
import {
  activationAndWorkspace,
  type Cell,
  cells,
  checkpointed,
  fullStored,
  type MemoryRow,
  picturesOf,
  planBackbone,
  planMemory,
  reversibleExact,
  type Shape,
  usual,
} from '../bench/memory.ts';
import { planWriting, torchlette } from '../bench/peer.ts';
import { planVocabularyHead, tokensOfABatch } from '../bench/vocabulary.ts';
import { bert, readBertConfig } from '../src/models/bert.ts';
import { sequenceToSequence } from '../src/tasks/sequence_to_sequence.ts';

const plans = new Map<string, MemoryRow>();
/** Several claims are about the same plan. */
function planOf(layers: number, cell: Cell, shape: Shape = usual): MemoryRow {
  const key = JSON.stringify([layers, Object.entries(cell).sort(), shape]);
  const plan = plans.get(key) ?? planMemory(layers, cell, shape);
  plans.set(key, plan);
  return plan;
}

const share = (layers: number, cell: Cell, of: Cell, shape?: Shape): number =>
  activationAndWorkspace(planOf(layers, cell, shape)) / activationAndWorkspace(planOf(layers, of, shape));

/** Bytes of one binding on a device that offers no more than WebGPU asks of it. */
const defaultBinding = 128 * 2 ** 20;

test.each(backboneNames)(
  '%s: reversible-exact MEFT1 takes at most a twentieth of what full fine-tuning keeps and works in, 3 in 100 at 24 layers, 8 with a decoder, and no large binding',
  (name) => {
    const backbone = backboneNamed(name);
    const [exact, full] = [planBackbone(backbone, reversibleExact), planBackbone(backbone, fullStored)];
    const most = backbone.stacks.length > 1 ? 0.08 : backbone.config.num_hidden_layers === 24 ? 0.03 : 0.05;
    expect(activationAndWorkspace(exact) / activationAndWorkspace(full)).toBeLessThanOrEqual(most);
    for (const { largest_binding } of [exact, full]) expect(largest_binding.bytes).toBeLessThanOrEqual(defaultBinding);
  },
);

test.each(Object.entries(pictureBackbones))(
  '%s, 32 pictures: reversible-exact MEFT1 takes at most a twentieth of what full fine-tuning keeps and works in, and no large binding',
  (_, backbone) => {
    const shape = picturesOf(backbone);
    const [exact, full] = [planBackbone(backbone, reversibleExact, shape), planBackbone(backbone, fullStored, shape)];
    expect(activationAndWorkspace(exact) / activationAndWorkspace(full)).toBeLessThanOrEqual(0.05);
    for (const { largest_binding } of [exact, full]) expect(largest_binding.bytes).toBeLessThanOrEqual(defaultBinding);
  },
);

test.each(['GPT-2', 'OPT-125m', 'OPT-350m', 'BART-base'] as const)(
  'nor does it take more of %s where it learns to write every token of a batch',
  (name) => {
    const backbone = backboneNamed(name);
    const words = (cell: Cell) => planBackbone(backbone, cell, undefined, 'f32', sequenceToSequence);
    const [exact, full] = [words(reversibleExact), words(fullStored)];
    const most = backbone.stacks.length > 1 ? 0.08 : backbone.config.num_hidden_layers === 24 ? 0.03 : 0.05;
    expect(activationAndWorkspace(exact) / activationAndWorkspace(full)).toBeLessThanOrEqual(most);
    // The logits of few words at a time are hardly more than what the layers work in.
    expect(activationAndWorkspace(exact) / activationAndWorkspace(planBackbone(backbone, reversibleExact))).toBeLessThanOrEqual(1.15);
    for (const { largest_binding } of [exact, full]) expect(largest_binding.bytes).toBeLessThanOrEqual(defaultBinding);
  },
);

test.each([
  [12, 16, 128, 0.05],
  [24, 16, 128, 0.03],
  [12, 4, 512, 0.05],
  [24, 4, 512, 0.03],
])(
  'reversible-exact MEFT1 at %i layers, batch %i, length %i takes at most %f of what full fine-tuning keeps and works in',
  (layers, batch, length, most) => {
    expect(share(layers, reversibleExact, fullStored, { batch, length })).toBeLessThanOrEqual(most);
  },
);

test.each([
  [12, 0.65],
  [24, 0.45],
])('reversible-exact MEFT1 at %i layers takes at most %f of checkpointing every layer with the same adapters', (layers, most) => {
  expect(share(layers, reversibleExact, checkpointed(1))).toBeLessThanOrEqual(most);
  expect(share(layers, reversibleExact, { ...reversibleExact, policy: 'checkpoint' })).toBeLessThanOrEqual(most);
});

test.each([
  ['BERT', bert(readBertConfig({ num_hidden_layers: 3, max_position_embeddings: 2048 }, 'BERT'))],
  ['OPT-125m', backboneNamed('OPT-125m')],
])('what a step of %s keeps and works in grows with the length and not with its square, up to 2,048 tokens', (_, backbone) => {
  for (const cell of [fullStored, reversibleExact, { method: 'lora', policy: 'store', streams: 'single' } as const]) {
    const [half, whole] = [1024, 2048].map((length) => activationAndWorkspace(planBackbone(backbone, cell, { batch: 2, length })));
    // Twice, and what packing leaves between tensors.
    expect((whole as number) / (half as number)).toBeLessThanOrEqual(2.05);
  }
});

test('READ takes at most a quarter of all bytes of full fine-tuning, weights included, and 45 % of its FLOPs', () => {
  const [read, full] = [planOf(12, { method: 'read', policy: 'store', streams: 'single' }), planOf(12, fullStored)];
  expect(read.total / full.total).toBeLessThanOrEqual(0.25);
  expect(read.flops / full.flops).toBeLessThanOrEqual(0.45);
});

test('from 6 to 48 layers reversible-exact MEFT1 grows by the dropped bits, three an element and undone layer, and by nothing else', () => {
  const [shallow, deep] = [planMemory(6, reversibleExact), planMemory(48, reversibleExact)];
  for (const row of [shallow, deep]) expect(row.bits).toBe((3 * row.stream_elements * (row.num_hidden_layers - 1)) / 8);
  const growth = activationAndWorkspace(deep) - activationAndWorkspace(shallow);
  // A layer's bits begin at a multiple of 256 bytes in each part of the batch.
  expect(Math.abs(growth - (deep.bits - shallow.bits))).toBeLessThanOrEqual(256 * 42 * 4);
});

test.each(cells)('the arena of $method, $policy, $streams is at most 5 % above what no packing can go below', (cell) => {
  const row = planOf(12, cell);
  expect(row.arena / row.lower_bound).toBeLessThanOrEqual(1.05);
});

test('a vocabulary head with its loss, 128 tokens at a time, takes a tenth of what it takes over all tokens at once', () => {
  expect(planVocabularyHead(128)).toBeLessThan(planVocabularyHead(tokensOfABatch) / 10);
});

test('LoRA that learns to write on DistilGPT-2 takes at most a fifth of a peer, and 450 MB in all for a text of 512 tokens', () => {
  expect(planWriting(distilGpt2, 64).plan.total).toBeLessThanOrEqual(torchlette.bytes / 5);
  expect(planWriting(distilGpt2, 512, 'checkpoint').plan.total).toBeLessThanOrEqual(450e6);
});
