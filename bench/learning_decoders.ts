// What methods learn with small pretrained checkpoints that write, GPT-2, OPT and BART: full fine-tuning, MEFT1 and LoRA on a classification and on a task of
// words. All data are CLINC150's (Larson et al. 2019), as bundled: the ten domains; the texts themselves, each a row; in BART, which models no text alone, the
// intent of a text, written out. `node scripts/bench.mjs learning_decoders CHECKPOINTS [MODEL/TASK/METHOD...]` trains these, or all, from a folder with tiny-gpt2,
// tiny-opt and tiny-bart, and keeps what it saw in docs/learning/decoders; `learning` prints the tables, beside PyTorch's run of the same recipe
// (python/vectors/quality/decoders). Not a test: one seed is worth about a point.

import { join } from 'node:path';
import { type Cell, devicesOf, learnCells, type Made, type Measurement, runsMade, runTable } from './learned.ts';

const steps = 200;

interface DecoderCell extends Cell {
  readonly model: string;
}

/** By model: its task of words. */
const models = { 'tiny-gpt2': 'language_modelling', 'tiny-opt': 'language_modelling', 'tiny-bart': 'sequence_to_sequence' } as const;

type Task = 'classification' | (typeof models)[keyof typeof models];

/** By task: what `retrace train` is told, and the methods with their learning rates, as in python/record/decoders.py. */
const tasks: Readonly<Record<Task, { readonly flags: readonly string[]; readonly rates: Readonly<Record<string, number>> }>> = {
  classification: { flags: ['--label-column', 'domain'], rates: { full: 1e-3, meft1: 5e-3, lora: 1e-2 } },
  // Texts are rows, as these checkpoints have seen them.
  language_modelling: { flags: ['--text-column', 'text', '--no-packing'], rates: { full: 1e-3, meft1: 5e-3, lora: 1e-2 } },
  sequence_to_sequence: { flags: ['--text-column', 'text', '--target-column', 'intent'], rates: { full: 1e-3, meft1: 5e-3, lora: 1e-2 } },
};

const decoderRuns: Measurement<DecoderCell> = {
  folder: 'decoders',
  cells: Object.entries(models).flatMap(([model, words]) =>
    (['classification', words] as const).flatMap((task) =>
      Object.entries(tasks[task].rates).map(([method, learning_rate]) => ({ model, task, method, learning_rate, steps })),
    ),
  ),
  nameOf: ({ model, task, method }) => `${model}/${task}/${method}`,
  flagsOf: ({ model, task }, checkpoints) => [
    ...['--model', join(checkpoints, model), '--task', task, '--dropout', '0.1'],
    ...tasks[task as Task].flags,
  ],
  // Full fine-tuning begins at the checkpoint itself, and words are what that has learned.
  scoredBefore: ({ task, method }) => task !== 'classification' && method === 'full',
};

export async function run(json: boolean, of: readonly string[]): Promise<void> {
  const [checkpoints, ...names] = of;
  if (checkpoints === undefined) throw new Error('Give the folder of the checkpoints, with tiny-gpt2, tiny-opt and tiny-bart in it.');
  await learnCells(decoderRuns, checkpoints, names, json);
}

/** The scores of a checkpoint before it learns, here and in PyTorch. */
function beginning({ cell, ours, twin }: Made<DecoderCell>): readonly string[] {
  const [here, there] = [ours.before, twin?.before].map((scores) => scores?.['perplexity']?.toFixed(2));
  return here === undefined ? [] : [`${here} with ${cell.model}${there === undefined ? '' : ` (PyTorch: ${there})`}`];
}

/** A table with what stands above it, where there is a run. */
const part = (runs: readonly Made<DecoderCell>[], text: readonly string[]): readonly string[] =>
  runs.length === 0 ? [] : ['', ...text, '', runTable(runs, decoderRuns.nameOf)];

/** Its part of docs/learning.md: the runs that were made, beside PyTorch's. */
export function decodersSection(): readonly string[] {
  const runs = runsMade(decoderRuns);
  if (runs.length === 0) return [];
  const ofClasses = ({ cell }: Made<DecoderCell>) => cell.task === 'classification';
  const before = runs.flatMap(beginning);
  return [
    '',
    '# Small decoders and BART',
    '',
    'Checkpoints of 4 layers (BART: 3 and 3), 128 wide, 4,096 words, pretrained for minutes on English sentences, texts of CLINC150’s training part among them; of',
    'its validation part none but three that stand in both. Each row is a run of `node scripts/bench.mjs learning_decoders CHECKPOINTS RUN`, CHECKPOINTS being the',
    'folder that has them: batch 16, seed 42, dropout 0.1, warm-up 6 %, linear decay, scored on CLINC150’s 3,000 validation texts after the last step. Beside it',
    'PyTorch with the same recipe and seed (`python -m record.decoders CHECKPOINTS RUN`); the two draw other batches, heads and adapters. What PyTorch reaches by',
    `seeds from 43 on shows how much of a difference is chance. Device: ${devicesOf(runs)}.`,
    ...part(runs.filter(ofClasses), ['Classification learns the ten domains, from the last token:']),
    ...part(
      runs.filter((made) => !ofClasses(made)),
      [
        'Language modelling learns the texts, each a row with its end; sequence to sequence the name of a text’s intent. Perplexity is that of all words that are to',
        `be written for the validation part${before.length === 0 ? '.' : `; before training it is ${before.join(', ')}.`}`,
      ],
    ),
  ];
}
