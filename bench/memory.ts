// What activations and workspace take, by plan: BERT-base's configuration under every method and policy, MEFT1 reversible-exact by depth, beside
// checkpointing at every interval, and on other published backbones. Prints Markdown: docs/memory.md is this output. No GPU, no weights and no clock: the allocator obeys the plan to
// the byte (test/matrix.test.ts), so these bytes are what a run takes. Not counted in activation + workspace: weights, gradients and optimizer
// (in `total`).

import { markdownTable } from '../cli/format.ts';
import { bytesOfTensor } from '../src/graph/tensor.ts';
import type { Forms } from '../src/kernels/forms.ts';
import type { Method } from '../src/methods/method.ts';
import { methodNamed, methods, resolveOptions } from '../src/methods/registry.ts';
import { bert, readBertConfig } from '../src/models/bert.ts';
import { type Backbone, ownPooling } from '../src/models/model.ts';
import type { Plan } from '../src/plan/plan.ts';
import { isActivation } from '../src/plan/timeline.ts';
import { flopsOf } from '../src/plan/work.ts';
import {
  defaultTraining,
  type GranularityName,
  type MethodChoices,
  type MethodName,
  type PolicyName,
  policyNames,
  type StreamKind,
} from '../src/protocol/config.ts';
import { classification } from '../src/tasks/classification.ts';
import { languageModelling } from '../src/tasks/language_modelling.ts';
import { sequenceToSequence } from '../src/tasks/sequence_to_sequence.ts';
import type { Task } from '../src/tasks/task.ts';
import { planPrograms } from '../src/train/programs.ts';
import { backboneNamed, backboneNames, distilGpt2, pictureBackbones } from './configurations.ts';
import { tokensOfABatch, vocabularyTable } from './vocabulary.ts';

export interface Cell {
  readonly method: MethodName;
  readonly policy: PolicyName;
  readonly streams: StreamKind | 'single';
  /** Layers a segment under `checkpoint`. */
  readonly every?: number;
  readonly options?: MethodChoices;
}

export interface Shape {
  readonly batch: number;
  readonly length: number;
  /** Parts of the batch; by the granularity where left out. */
  readonly chunks?: number;
  /** Frugal where left out. */
  readonly granularity?: GranularityName;
  /** The first where left out. */
  readonly forms?: Forms;
}

export const usual: Shape = { batch: 16, length: 128 };
const long: Shape = { batch: 4, length: 512 };

/** Bytes of a training step. */
export interface MemoryRow extends Cell, Shape {
  readonly num_hidden_layers: number;
  readonly activation: number;
  readonly workspace: number;
  /** The bits that fixed streams drop, kept for the inverse; part of `activation`. */
  readonly bits: number;
  /** Elements of a stream: batch · length · hidden_size. */
  readonly stream_elements: number;
  readonly weights: number;
  readonly total: number;
  readonly largest_binding: { readonly bytes: number; readonly name: string };
  /** Extent of the arena, which also holds what a method sends to the GPU step by step. */
  readonly arena: number;
  readonly peak: Plan['peak'];
  /** What no packing can be smaller than: the largest sum of bytes alive at once. */
  readonly lower_bound: number;
  /** Of the matrix products and attention of a step. */
  readonly flops: number;
}

/** Every method under every policy that it takes, with every arithmetic of its streams. */
export const cells: readonly Cell[] = methods.flatMap((method) =>
  policyNames
    .filter((policy) => !method.refuses(policy))
    .flatMap((policy) => streamsOf(method).map((streams) => ({ method: method.name, policy, streams }))),
);

function streamsOf(method: Method): readonly Cell['streams'][] {
  return method.uses.includes('streams') ? ['fixed', 'float'] : ['single'];
}

/** The plan of BERT-base's configuration with this many layers. */
export const planMemory = (num_hidden_layers: number, cell: Cell, shape: Shape = usual): MemoryRow =>
  planBackbone(bert(readBertConfig({ num_hidden_layers }, 'BERT-base')), cell, shape);

/** A training step of a backbone: 2 labels, the architecture's own pooling, the configuration's dropout; f32 weights where nothing else is said. */
export function programsOf(
  backbone: Backbone,
  { method: name, policy, streams, every, options }: Cell,
  { batch, length, chunks, granularity, forms }: Shape = usual,
  stored: 'f32' | 'f16' = 'f32',
  task: Task = classification,
): ReturnType<typeof planPrograms> {
  const { num_hidden_layers } = backbone.config;
  const method = methodNamed(name);
  return planPrograms({
    task,
    backbone,
    method,
    options: resolveOptions(method, { ...(streams === 'single' ? {} : { streams }), ...options }, backbone.defaults),
    ranges: [{ from: 0, to: num_hidden_layers, policy, every }],
    ...{ chunks, granularity, ...(forms ? { forms } : {}) },
    pooling: ownPooling(backbone),
    num_labels: 2,
    storedType: () => stored,
    batch_size: batch,
    buckets: [{ length }],
    optimizer: defaultTraining,
    purposes: ['training'],
  });
}

/** What such a step takes. */
export function planBackbone(...asked: Parameters<typeof programsOf>): MemoryRow {
  const [backbone, cell, shape = usual] = asked;
  const { num_hidden_layers } = backbone.config;
  const { batch, length } = shape;
  const { plan } = programsOf(...asked);
  const training = plan.programs.get(`training ${length}`);
  if (!training) throw new Error('the plan has no training program');
  const kept = training.lives.filter((life) => life.tensor.dtype === 'u32' && isActivation(life, training.lowered));
  return {
    ...cell,
    ...shape,
    num_hidden_layers,
    activation: plan.bytes.activation,
    workspace: plan.bytes.workspace,
    bits: kept.reduce((sum, { tensor }) => sum + bytesOfTensor(tensor), 0),
    stream_elements: batch * length * backbone.config.hidden_size,
    peak: plan.peak,
    weights: plan.bytes.weights,
    total: plan.total,
    largest_binding: plan.largestBinding,
    arena: training.arena.extent,
    lower_bound: training.arena.lowerBound,
    flops: flopsOf(training.lowered),
  };
}

export const activationAndWorkspace = ({ activation, workspace }: MemoryRow): number => activation + workspace;

export const fullStored: Cell = { method: 'full', policy: 'store', streams: 'single' };
export const reversibleExact: Cell = { method: 'meft1', policy: 'reversible', streams: 'fixed' };
/** The same adapters as MEFT1's two in number and width, over one stream. */
const sameAdapters: Omit<Cell, 'every'> = { method: 'houlsby', policy: 'checkpoint', streams: 'single', options: { adapter_size: 8 } };
export const checkpointed = (every: number): Cell => ({ ...sameAdapters, every });

const backboneCells: readonly Cell[] = [
  fullStored,
  { ...fullStored, policy: 'checkpoint' },
  { method: 'lora', policy: 'store', streams: 'single' },
  { method: 'lora', policy: 'checkpoint', streams: 'single' },
  reversibleExact,
];

/** So many pictures. */
export const picturesOf = ({ config }: Backbone): Shape => ({ batch: 32, length: config.max_position_embeddings });

/** One text, whose every word is learned. */
export const oneText: Shape = { batch: 1, length: 512 };

interface BackboneRows {
  readonly name: string;
  readonly hidden_size: number;
  readonly rows: readonly MemoryRow[];
  /** MEFT1 reversible-exact over matrices stored as f16. */
  readonly half: MemoryRow;
}

const planCells = (name: string, backbone: Backbone, shape: Shape = usual, task?: Task): BackboneRows => ({
  name,
  hidden_size: backbone.config.hidden_size,
  rows: backboneCells.map((cell) => planBackbone(backbone, cell, shape, 'f32', task)),
  half: planBackbone(backbone, reversibleExact, shape, 'f16', task),
});

const writers: readonly { readonly name: string; readonly backbone: Backbone; readonly task: Task }[] = [
  { name: 'DistilGPT-2', backbone: distilGpt2, task: languageModelling },
  { name: 'GPT-2', backbone: backboneNamed('GPT-2'), task: languageModelling },
  { name: 'OPT-125m', backbone: backboneNamed('OPT-125m'), task: languageModelling },
  { name: 'BART-base', backbone: backboneNamed('BART-base'), task: sequenceToSequence },
];

export async function run(json: boolean): Promise<void> {
  const tables = [
    { shape: usual, layers: 12, cells },
    { shape: usual, layers: 24, cells },
    { shape: long, layers: 12, cells: [fullStored, reversibleExact, checkpointed(1)] },
    { shape: long, layers: 24, cells: [fullStored, reversibleExact, checkpointed(1)] },
  ].map(({ shape, layers, cells: own }) => own.map((cell) => planMemory(layers, cell, shape)));
  const byDepth = [6, 12, 24, 48].map((layers) => planMemory(layers, reversibleExact));
  const byInterval = [12, 24, 48].map((layers) => [
    planMemory(layers, reversibleExact),
    ...[1, 2, 3, 4, 6, 8].map((every) => planMemory(layers, checkpointed(every))),
  ]);
  const byParts = [1, 2, 4, 8, 16].map((chunks) => planMemory(12, reversibleExact, { ...usual, chunks }));
  const byBackbone = backboneNames.map((name) => planCells(name, backboneNamed(name)));
  const writing = writers.map(({ name, backbone, task }) => planCells(name, backbone, oneText, task));
  const pictures = Object.entries(pictureBackbones).map(([name, backbone]) => planCells(name, backbone, picturesOf(backbone)));
  if (json) {
    const more = { by_depth: byDepth, by_interval: byInterval.flat(), by_parts: byParts, by_backbone: byBackbone, pictures, writing };
    console.log(JSON.stringify({ rows: tables.flat(), ...more }));
  } else console.log(markdown(tables, byDepth, byInterval, byParts, byBackbone, pictures, writing));
}

const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

function markdown(
  tables: readonly (readonly MemoryRow[])[],
  byDepth: readonly MemoryRow[],
  byInterval: readonly (readonly MemoryRow[])[],
  byParts: readonly MemoryRow[],
  byBackbone: readonly BackboneRows[],
  pictures: readonly BackboneRows[],
  writing: readonly BackboneRows[],
): string {
  return [
    '<!-- Made by `node scripts/bench.mjs memory > docs/memory.md`; do not edit. -->',
    '# Memory by plan',
    '',
    "BERT-base's configuration, f32 weights, dropout 0.1, AdamW. MiB (2^20 bytes). *Activation + workspace* is all that a step needs beside",
    'weights, gradients and optimizer; shares are of full fine-tuning under `store` at the same depth, batch and length. *Total* is every buffer.',
    '*Over the bound* is the arena by the largest sum of bytes alive at once, which no packing can be smaller than. FLOPs are those of matrix',
    'products and attention in one step. MEFT1 `reversible` over `fixed` streams is what Retrace calls reversible-exact.',
    ...tables.flatMap((rows) => {
      const { num_hidden_layers, batch, length } = rows[0] as MemoryRow;
      return ['', `## ${num_hidden_layers} layers, batch ${batch}, length ${length}`, '', methodTable(rows)];
    }),
    '',
    '## MEFT1 reversible-exact by depth',
    '',
    'Batch 16, length 128. What grows with depth is the bits that the shift by λ = 1/8 drops: 3 bits an element for every layer but the lowest,',
    'which is not undone.',
    '',
    depthTable(byDepth),
    '',
    '## Beside checkpointing',
    '',
    'Batch 16, length 128. The same two adapters a layer over one stream (`houlsby`, bottleneck 8) with checkpoints every k layers, against',
    'MEFT1 reversible-exact at the same depth.',
    '',
    ...byInterval.flatMap((rows) => [intervalTable(rows), '']),
    '## Parts of a batch',
    '',
    'MEFT1 reversible-exact, 12 layers, batch 16, length 128: layers work on the batch in this many parts, one after the other.',
    '',
    partsTable(byParts),
    '',
    '## Other backbones',
    '',
    'Sequence classification with each architecture’s own head, batch 16, length 128, by their published configurations, f32 weights.',
    '',
    backboneTable(byBackbone),
    '',
    'MEFT1 reversible-exact, with weights as f32 and with matrices as f16, as the hub has OPT. A binding of WebGPU’s default limits is at most 128 MiB: larger',
    'tables of words lie in pieces.',
    '',
    weightsTable(byBackbone),
    '',
    '## Models that look at pictures',
    '',
    'Image classification with the head of the class token (of both tokens, in DeiT-S distilled), batch 32, by their published configurations, whose dropout is 0:',
    'pictures of 224 × 224 in patches of 16 × 16, 197 tokens each, and 198 with a distillation token.',
    '',
    backboneTable(pictures),
    '',
    weightsTable(pictures),
    '',
    '## Models that learn to write',
    '',
    'With their words: one text of 512 tokens at a time, every token of which is learned (BART-base: a text of 512 that is read, and one that is written).',
    '',
    backboneTable(writing),
    '',
    weightsTable(writing),
    '',
    '## A vocabulary head with its loss',
    '',
    `BERT-base's masked-LM head, frozen, over ${tokensOfABatch} tokens and 30,522 words, forward and back: few tokens at a time give the same bits.`,
    '',
    vocabularyTable(),
  ].join('\n');
}

function methodTable(rows: readonly MemoryRow[]): string {
  const full = rows.find(({ method, policy }) => method === fullStored.method && policy === fullStored.policy) as MemoryRow;
  return markdownTable([
    [
      'method',
      'policy',
      'streams',
      'activation',
      'workspace',
      'activation + workspace',
      'share of full',
      'over the bound',
      'total',
      'share of full',
      'FLOPs, share of full',
    ],
    ...rows.map((row) => [
      row.method,
      row.policy,
      row.streams,
      mib(row.activation),
      mib(row.workspace),
      mib(activationAndWorkspace(row)),
      percent(activationAndWorkspace(row) / activationAndWorkspace(full)),
      (row.arena / row.lower_bound).toFixed(3),
      mib(row.total),
      percent(row.total / full.total),
      percent(row.flops / full.flops),
    ]),
  ]);
}

const backboneTable = (backbones: readonly BackboneRows[]): string =>
  markdownTable([
    ['backbone', 'layers', 'width', 'method', 'policy', 'activation + workspace', 'share of full', 'total', 'share of full'],
    ...backbones.flatMap(({ name, hidden_size, rows }) => {
      const [full] = rows as [MemoryRow];
      return rows.map((row) => [
        name,
        String(row.num_hidden_layers),
        String(hidden_size),
        row.method,
        row.streams === 'single' ? row.policy : `${row.policy}, ${row.streams}`,
        mib(activationAndWorkspace(row)),
        percent(activationAndWorkspace(row) / activationAndWorkspace(full)),
        mib(row.total),
        percent(row.total / full.total),
      ]);
    }),
  ]);

const weightsTable = (backbones: readonly BackboneRows[]): string =>
  markdownTable([
    ['backbone', 'weights, f32', 'total', 'largest binding', 'weights, f16', 'total', 'largest binding'],
    ...backbones.map(({ name, rows, half }) => [
      name,
      ...[rows.at(-1) as MemoryRow, half].flatMap((row) => [mib(row.weights), mib(row.total), mib(row.largest_binding.bytes)]),
    ]),
  ]);

function depthTable(rows: readonly MemoryRow[]): string {
  return markdownTable([
    ['layers', 'activation + workspace', 'of it dropped bits', 'the rest', 'bits an element and undone layer', 'over the bound'],
    ...rows.map((row) => [
      String(row.num_hidden_layers),
      mib(activationAndWorkspace(row)),
      mib(row.bits),
      mib(activationAndWorkspace(row) - row.bits),
      String((8 * row.bits) / row.stream_elements / (row.num_hidden_layers - 1)),
      (row.arena / row.lower_bound).toFixed(3),
    ]),
  ]);
}

function intervalTable(rows: readonly MemoryRow[]): string {
  const [exact] = rows as [MemoryRow];
  return markdownTable([
    [`${exact.num_hidden_layers} layers`, 'activation + workspace', 'MEFT1 reversible-exact of it'],
    ...rows.map((row) => [
      row === exact ? 'MEFT1 reversible-exact' : `a checkpoint every ${row.every}`,
      mib(activationAndWorkspace(row)),
      percent(activationAndWorkspace(exact) / activationAndWorkspace(row)),
    ]),
  ]);
}

const partsTable = (rows: readonly MemoryRow[]): string =>
  markdownTable([
    ['parts', 'activation + workspace', 'over the bound'],
    ...rows.map((row) => [String(row.chunks), mib(activationAndWorkspace(row)), (row.arena / row.lower_bound).toFixed(3)]),
  ]);
