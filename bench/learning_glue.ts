// What methods learn of GLUE (Wang et al. 2019) on the bundled model: SST-2, MRPC and STS-B with full fine-tuning, MEFT1 and LoRA, scored on GLUE's own
// dev set after the last step. `node scripts/bench.mjs learning_glue GLUE [TASK/METHOD...]` trains these, or all, from GLUE's own files (a folder with
// SST-2, MRPC and STS-B, each with train.tsv and dev.tsv) and keeps what it saw in docs/learning/glue; `TASK/METHOD@SEED` adds the scores of another seed.
// `learning` prints the table, beside PyTorch's run of the same recipe (python/vectors/quality/glue). Not a test: one seed is worth about a point. Of GLUE
// nothing is kept but losses and scores.

import { join } from 'node:path';
import { type Cell, devicesOf, learnCells, type Measurement, runsMade, runTable } from './learned.ts';

/** By task: the folder of GLUE's own files, and the steps of a run. */
const tasks = {
  sst2: { folder: 'SST-2', steps: 800 },
  mrpc: { folder: 'MRPC', steps: 690 },
  stsb: { folder: 'STS-B', steps: 720 },
} as const;

interface GlueCell extends Cell {
  readonly task: keyof typeof tasks;
  readonly pooling: 'mean' | 'cls';
}

/** The recipes of python/record/glue.py. */
const recipes: readonly Omit<GlueCell, 'steps'>[] = [
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

function flagsOf({ task, pooling }: GlueCell, glue: string): readonly string[] {
  const [data, dev] = ['train.tsv', 'dev.tsv'].map((file) => join(glue, tasks[task].folder, file)) as [string, string];
  return ['--task', task, '--data', data, '--eval-data', dev, '--max-length', '128', '--pooling', pooling];
}

const glueRuns: Measurement<GlueCell> = {
  folder: 'glue',
  cells: recipes.map((recipe) => ({ ...recipe, steps: tasks[recipe.task].steps })),
  nameOf: ({ task, method }) => `${task}/${method}`,
  flagsOf,
};

export async function run(json: boolean, of: readonly string[]): Promise<void> {
  const [glue, ...names] = of;
  if (glue === undefined) throw new Error('Give the folder of GLUE’s own files, with SST-2, MRPC and STS-B in it.');
  await learnCells(glueRuns, glue, names, json);
}

/** Its part of docs/learning.md: the runs that were made, beside PyTorch's. */
export function glueSection(): readonly string[] {
  const runs = runsMade(glueRuns);
  if (runs.length === 0) return [];
  return [
    '',
    '# GLUE on the bundled model',
    '',
    'Each row is a run of `node scripts/bench.mjs learning_glue GLUE RUN`, GLUE being a folder of its own files: batch 16, seed 42, dropout 0.1, warm-up 6 %,',
    'linear decay, scored on the dev set after the last step. Beside it PyTorch with the same recipe and seed (`python -m record.glue GLUE RUN`); one seed is worth',
    `about a point, on MRPC’s 408 pairs up to three, and the two draw other batches. Device: ${devicesOf(runs)}.`,
    '',
    runTable(runs, glueRuns.nameOf, ['pooling']),
  ];
}
