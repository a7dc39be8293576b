// What methods learn of GLUE (Wang et al. 2019) on the bundled model: SST-2, MRPC and STS-B with full fine-tuning, MEFT1 and LoRA, scored on GLUE's own
// dev set after the last step. `node scripts/bench.mjs learning_glue GLUE [TASK/METHOD...]` trains these, or all, from GLUE's own files (a folder with
// SST-2, MRPC and STS-B, each with train.tsv and dev.tsv) and keeps what it saw in docs/learning/glue; `learning` prints the table, beside PyTorch's run
// of the same recipe (python/vectors/quality/glue). Not a test: one seed is worth about a point. Of GLUE nothing is kept but losses and scores.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { countText, markdownTable } from '../cli/format.ts';
import { taskNamed } from '../src/tasks/registry.ts';
import { deviceName, trainedBy } from './trained.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const ours = join(root, 'docs/learning/glue');
const twins = join(root, 'python/vectors/quality/glue');

/** By task: the folder of GLUE's own files, and the steps of a run. */
const tasks = {
  sst2: { folder: 'SST-2', steps: 800 },
  mrpc: { folder: 'MRPC', steps: 690 },
  stsb: { folder: 'STS-B', steps: 720 },
} as const;

interface Cell {
  readonly task: keyof typeof tasks;
  readonly method: string;
  readonly pooling: 'mean' | 'cls';
  readonly learning_rate: number;
}

/** The recipes of python/record/glue.py. */
const cells: readonly Cell[] = [
  { task: 'sst2', method: 'full', pooling: 'cls', learning_rate: 5e-5 },
  { task: 'sst2', method: 'meft1', pooling: 'mean', learning_rate: 2e-3 },
  { task: 'sst2', method: 'lora', pooling: 'cls', learning_rate: 5e-4 },
  { task: 'mrpc', method: 'full', pooling: 'cls', learning_rate: 5e-5 },
  { task: 'mrpc', method: 'meft1', pooling: 'cls', learning_rate: 2e-3 },
  { task: 'mrpc', method: 'lora', pooling: 'cls', learning_rate: 1e-3 },
  { task: 'stsb', method: 'full', pooling: 'cls', learning_rate: 5e-5 },
  { task: 'stsb', method: 'meft1', pooling: 'mean', learning_rate: 2e-3 },
  { task: 'stsb', method: 'lora', pooling: 'mean', learning_rate: 1e-3 },
];

const nameOf = ({ task, method }: Cell): string => `${task}/${method}`;
const fileOf = ({ task, method }: Cell): string => `${task}-${method}.json`;

function cellNamed(name: string): Cell {
  const found = cells.find((cell) => nameOf(cell) === name);
  if (found) return found;
  throw new Error(`There is no run '${name}'; there are ${cells.map(nameOf).join(', ')}.`);
}

/** What one run, ours or PyTorch's, showed. */
interface Learned extends Cell {
  readonly steps: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly loss: readonly number[];
}

interface Ours extends Learned {
  readonly device: string;
  readonly trainable_parameters: number;
  /** Every byte of the run's plan, evaluation included. */
  readonly bytes: number;
}

async function learn(cell: Cell, glue: string): Promise<Ours> {
  const { task, method, pooling, learning_rate } = cell;
  const { folder, steps } = tasks[task];
  const data = [
    '--task',
    task,
    '--data',
    join(glue, folder, 'train.tsv'),
    '--eval-data',
    join(glue, folder, 'dev.tsv'),
    '--max-length',
    '128',
  ];
  const recipe = ['--method', method, '--pooling', pooling, '--learning-rate', String(learning_rate), '--max-steps', String(steps)];
  const device = await deviceName();
  const trained = await trainedBy(nameOf(cell), [...data, ...recipe]);
  const { trainable_parameters, bytes } = trained.plan;
  const metrics = Object.fromEntries(taskNamed(task).metrics.map(({ name }) => [name, trained.scores[name] as number]));
  const loss = trained.steps.map((step) => Number(step.loss.toFixed(4)));
  return { ...cell, steps, device, trainable_parameters, bytes: bytes.total, metrics, loss };
}

export async function run(json: boolean, of: readonly string[]): Promise<void> {
  const [glue, ...names] = of;
  if (glue === undefined) throw new Error('Give the folder of GLUE’s own files, with SST-2, MRPC and STS-B in it.');
  const chosen = names.length > 0 ? names.map(cellNamed) : cells;
  mkdirSync(ours, { recursive: true });
  for (const cell of chosen) {
    const learned = await learn(cell, glue);
    writeFileSync(join(ours, fileOf(cell)), `${JSON.stringify(learned)}\n`);
    console.error(`${nameOf(cell)}: ${JSON.stringify(learned.metrics)}`);
    if (json) console.log(JSON.stringify(learned));
  }
}

const read = <T>(path: string): T | undefined => (existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : undefined);
const percent = (metrics: Readonly<Record<string, number>>): string =>
  Object.values(metrics)
    .map((value) => (100 * value).toFixed(1))
    .join(' / ');

/** The second part of docs/learning.md: the runs that were made, beside PyTorch's. */
export function glueSection(): readonly string[] {
  const runs = cells.flatMap((cell) => read<Ours>(join(ours, fileOf(cell))) ?? []);
  if (runs.length === 0) return [];
  const rows = runs.map((learned) => {
    const { pooling, learning_rate, steps, metrics, trainable_parameters } = learned;
    const twin = read<Learned>(join(twins, fileOf(learned)));
    const apart = Object.entries(metrics).map(([name, value]) => (100 * (value - (twin?.metrics[name] ?? Number.NaN))).toFixed(1));
    return [
      ...[`\`${nameOf(learned)}\``, pooling, String(learning_rate), String(steps), countText(trainable_parameters)],
      ...[Object.keys(metrics).join(' / '), percent(metrics), twin ? percent(twin.metrics) : '', twin ? apart.join(' / ') : ''],
    ];
  });
  const head = ['run', 'pooling', 'learning rate', 'steps', 'trainable', 'metric', 'score', 'PyTorch', 'points apart'];
  return [
    '',
    '# GLUE on the bundled model',
    '',
    'Each row is a run of `node scripts/bench.mjs learning_glue GLUE RUN`, GLUE being a folder of its own files: batch 16, seed 42, dropout 0.1, warm-up 6 %,',
    'linear decay, scored on the dev set after the last step. Beside it PyTorch with the same recipe and seed (`python -m record.glue GLUE RUN`); one seed is worth',
    `about a point, and the two draw other batches. Device: ${[...new Set(runs.map(({ device }) => device))].join('; ')}.`,
    '',
    markdownTable([head, ...rows]),
  ];
}
