// How many dispatches a step takes and how full they are, by plan: what a GPU pays beside its arithmetic. MiniLM, BERT-base and BERT-large's
// configurations and other published backbones, with full fine-tuning, LoRA stored and MEFT1 at each granularity. `dispatches MODEL` counts by kernel. In the
// forms of kernels that GPUs have. No GPU.

import { markdownTable } from '../cli/format.ts';
import { dispatchSize } from '../src/kernels/dispatch.ts';
import { formsFor } from '../src/kernels/forms.ts';
import { bertOf, sizesNamed } from '../src/measure/sizes.ts';
import type { Backbone } from '../src/models/model.ts';
import { flopsOf, multiplyAdds } from '../src/plan/work.ts';
import { type GranularityName, granularityNames } from '../src/protocol/config.ts';
import { backboneNamed, pictureBackbones } from './configurations.ts';
import { type Cell, programsOf, usual } from './memory.ts';

const published = ['RoBERTa-base', 'GPT-2', 'OPT-125m', 'BART-base'] as const;

/** By the name that people know. */
export const planned: Readonly<Record<string, Backbone>> = {
  ...sizesNamed.usual().models,
  'BERT-large': bertOf('BERT-large', { num_hidden_layers: 24, hidden_size: 1024, num_attention_heads: 16, intermediate_size: 4096 }),
  ...Object.fromEntries(published.map((name) => [name, backboneNamed(name)])),
  ...pictureBackbones,
};

const full: Cell = { method: 'full', policy: 'store', streams: 'single' };
const cells: readonly (readonly [Cell, GranularityName])[] = [
  [full, 'frugal'],
  [{ method: 'lora', policy: 'store', streams: 'single' }, 'frugal'],
  ...granularityNames.map((name) => [{ method: 'meft1', policy: 'reversible', streams: 'fixed' }, name] as const),
];

/** What graphics processors have without optional features. */
const forms = formsFor({ software: false, features: new Set() });

/** Workgroups below which most of a GPU stands idle, and the share of a step's FLOPs that a dispatch may have nevertheless. */
const [fewGroups, smallShare] = [64, 0.01];

export interface DispatchRow {
  readonly model: string;
  readonly method: string;
  readonly policy: string;
  readonly granularity: GranularityName;
  readonly dispatches: number;
  readonly activation_and_workspace: number;
  readonly of_full: number;
  /** Dispatches of fewer workgroups than fill a GPU. */
  readonly few_groups: number;
  /** Of those, the ones that have more than a hundredth of the step's FLOPs. */
  readonly idle: number;
  readonly kernels: Readonly<Record<string, number>>;
}

/** One step of a backbone at batch 16 (pictures: 32) and 128 tokens (a picture's). */
export function countStep(model: string, cell: Cell, granularity: GranularityName, whole?: number): DispatchRow {
  const backbone = planned[model];
  if (!backbone) throw new Error(`there is no configuration '${model}'; there are ${Object.keys(planned).join(', ')}`);
  const { image, max_position_embeddings } = backbone.config;
  const shape = image ? { batch: 32, length: max_position_embeddings } : usual;
  const { plan } = programsOf(backbone, cell, { ...shape, granularity, forms });
  const program = plan.programs.get(`training ${shape.length}`);
  if (!program) throw new Error('the plan has no training program');
  const calls = program.lowered.nodes.flatMap((node) => node.calls);
  const flops = flopsOf(program.lowered);
  const few = calls.filter((call) => dispatchSize(call).reduce((product, own) => product * own, 1) < fewGroups);
  const kernels: Record<string, number> = {};
  for (const { kernel } of calls) kernels[kernel] = (kernels[kernel] ?? 0) + 1;
  const activation_and_workspace = plan.bytes.activation + plan.bytes.workspace;
  return {
    ...{ model, method: cell.method, policy: cell.policy, granularity, dispatches: calls.length, activation_and_workspace, kernels },
    of_full: activation_and_workspace / (whole ?? activation_and_workspace),
    few_groups: few.length,
    idle: few.filter((call) => 2 * multiplyAdds(call) > smallShare * flops).length,
  };
}

/** All cells of a configuration, full fine-tuning first. */
export function countSteps(model: string): DispatchRow[] {
  const [first, ...others] = cells;
  const whole = countStep(model, ...(first as (typeof cells)[number]));
  return [whole, ...others.map(([cell, granularity]) => countStep(model, cell, granularity, whole.activation_and_workspace))];
}

function byKernel(rows: readonly DispatchRow[]): string {
  const names = [...new Set(rows.flatMap(({ kernels }) => Object.keys(kernels)))];
  const most = (name: string) => Math.max(...rows.map(({ kernels }) => kernels[name] ?? 0));
  const head = ['kernel', ...rows.map(({ method, granularity }) => `${method} ${granularity}`)];
  const lines = names.sort((a, b) => most(b) - most(a)).map((name) => [name, ...rows.map(({ kernels }) => String(kernels[name] ?? ''))]);
  return markdownTable([head, ...lines]);
}

export async function run(json: boolean, of: readonly string[]): Promise<void> {
  const rows = (of.length > 0 ? of : Object.keys(planned)).flatMap(countSteps);
  if (json) return console.log(JSON.stringify(rows));
  const head = [
    'model',
    'method',
    'policy',
    'granularity',
    'dispatches',
    'MiB',
    'of full',
    `< ${fewGroups} groups`,
    'of those > 1 % of FLOPs',
  ];
  const lines = rows.map((row) => [
    ...[row.model, row.method, row.policy, row.granularity, String(row.dispatches)],
    (row.activation_and_workspace / 2 ** 20).toFixed(1),
    `${(100 * row.of_full).toFixed(1)} %`,
    ...[String(row.few_groups), String(row.idle)],
  ]);
  console.log(markdownTable([head, ...lines]));
  for (const model of of) console.log(`\n${byKernel(rows.filter((row) => row.model === model))}`);
}
