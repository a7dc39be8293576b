// What activations and workspace take, by plan: BERT-base's configuration at 12 and 24 layers under every method and policy, and MEFT1 reversible-exact
// by depth. Prints Markdown: docs/memory.md is this output. No GPU, no weights and no clock: the allocator obeys the plan to the byte
// (src/session/plan.test.ts), so these bytes are what a run takes. Not counted in activation + workspace: weights, gradients and optimizer (in `total`).

import { markdownTable } from '../cli/format.ts';
import { bytesOfTensor } from '../src/graph/ir.ts';
import { isActivation } from '../src/graph/plan/timeline.ts';
import type { Method } from '../src/methods/method.ts';
import { methodNamed, methods, resolveOptions } from '../src/methods/registry.ts';
import { bert, readBertConfig } from '../src/models/bert.ts';
import { defaultTraining, type MethodName, type PolicyName, policyNames, type StreamKind } from '../src/protocol/config.ts';
import { planPrograms } from '../src/train/programs.ts';

const batch = 16;
const length = 128;

export interface Cell {
  readonly method: MethodName;
  readonly policy: PolicyName;
  readonly streams: StreamKind | 'single';
}

/** Bytes of a training step at batch 16, length 128. */
export interface MemoryRow extends Cell {
  readonly num_hidden_layers: number;
  readonly activation: number;
  readonly workspace: number;
  /** The bits that fixed streams drop, kept for the inverse; part of `activation`. */
  readonly bits: number;
  /** Elements of a stream: batch · length · hidden_size. */
  readonly stream_elements: number;
  readonly total: number;
  /** What no packing can be smaller than: the largest sum of bytes alive at once. */
  readonly lower_bound: number;
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

/** The plan of BERT-base's configuration with this many layers: f32 weights, 2 labels, cls pooling, dropout 0.1. */
export function planMemory(num_hidden_layers: number, { method: name, policy, streams }: Cell): MemoryRow {
  const method = methodNamed(name);
  const backbone = bert(readBertConfig({ num_hidden_layers }, 'BERT-base'));
  const { plan } = planPrograms({
    backbone,
    method,
    options: resolveOptions(method, streams === 'single' ? {} : { streams }),
    ranges: [{ from: 0, to: num_hidden_layers, policy }],
    pooling: 'cls',
    num_labels: 2,
    storedType: () => 'f32',
    batch_size: batch,
    lengths: [length],
    optimizer: defaultTraining,
    purposes: ['training'],
  });
  const training = plan.programs.get(`training ${length}`);
  if (!training) throw new Error('the plan has no training program');
  const kept = training.lives.filter((life) => life.tensor.dtype === 'u32' && isActivation(life, training.lowered));
  return {
    num_hidden_layers,
    method: name,
    policy,
    streams,
    activation: plan.bytes.activation,
    workspace: plan.bytes.workspace,
    bits: kept.reduce((sum, { tensor }) => sum + bytesOfTensor(tensor), 0),
    stream_elements: batch * length * backbone.config.hidden_size,
    total: plan.total,
    lower_bound: training.arena.lowerBound,
  };
}

export const activationAndWorkspace = ({ activation, workspace }: MemoryRow): number => activation + workspace;

export const fullStored: Cell = { method: 'full', policy: 'store', streams: 'single' };
export const reversibleExact: Cell = { method: 'meft1', policy: 'reversible', streams: 'fixed' };

export async function run(json: boolean): Promise<void> {
  const byMethod = [12, 24].map((layers) => cells.map((cell) => planMemory(layers, cell)));
  const byDepth = [6, 12, 24, 48].map((layers) => planMemory(layers, reversibleExact));
  console.log(json ? JSON.stringify({ batch, length, rows: byMethod.flat(), by_depth: byDepth }) : markdown(byMethod, byDepth));
}

const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

function markdown(byMethod: readonly (readonly MemoryRow[])[], byDepth: readonly MemoryRow[]): string {
  return [
    '<!-- Made by `node scripts/bench.mjs memory > docs/memory.md`; do not edit. -->',
    '# Memory by plan',
    '',
    `BERT-base's configuration, f32 weights, batch ${batch}, length ${length}, dropout 0.1, AdamW. MiB (2^20 bytes). *Activation + workspace* is all that`,
    'a step needs beside weights, gradients and optimizer; its share is of full fine-tuning under `store` at the same depth. *Total* is every buffer.',
    'MEFT1 `reversible` over `fixed` streams is what Retrace calls reversible-exact.',
    ...byMethod.flatMap((rows) => ['', `## ${rows[0]?.num_hidden_layers} layers`, '', methodTable(rows)]),
    '',
    '## MEFT1 reversible-exact by depth',
    '',
    'What grows with depth is the bits that the shift by λ = 1/8 drops: 3 bits an element and layer.',
    '',
    depthTable(byDepth),
  ].join('\n');
}

function methodTable(rows: readonly MemoryRow[]): string {
  const full = rows.find(({ method, policy }) => method === fullStored.method && policy === fullStored.policy) as MemoryRow;
  return markdownTable([
    ['method', 'policy', 'streams', 'activation', 'workspace', 'activation + workspace', 'share of full', 'total'],
    ...rows.map((row) => [
      row.method,
      row.policy,
      row.streams,
      mib(row.activation),
      mib(row.workspace),
      mib(activationAndWorkspace(row)),
      `${((100 * activationAndWorkspace(row)) / activationAndWorkspace(full)).toFixed(2)} %`,
      mib(row.total),
    ]),
  ]);
}

function depthTable(rows: readonly MemoryRow[]): string {
  return markdownTable([
    ['layers', 'activation + workspace', 'of it dropped bits', 'the rest', 'bits an element and layer', 'over the lower bound'],
    ...rows.map((row) => [
      String(row.num_hidden_layers),
      mib(activationAndWorkspace(row)),
      mib(row.bits),
      mib(activationAndWorkspace(row) - row.bits),
      String((8 * row.bits) / row.stream_elements / row.num_hidden_layers),
      (activationAndWorkspace(row) / row.lower_bound).toFixed(3),
    ]),
  ]);
}
