// What methods learn with a small pretrained ViT: full fine-tuning, MEFT1, LoRA and the linear probe on scikit-learn's handwritten digits, as bundled.
// `node scripts/bench.mjs learning_pictures CHECKPOINTS [METHOD...]` trains these, or all, from a folder with vit-small-dinov2, and keeps what it saw in
// docs/learning/pictures; `METHOD@SEED` adds the scores of another seed. `learning` prints the table, beside PyTorch's run of the same recipe
// (python/vectors/quality/pictures). Not a test: of 360 pictures one is a quarter of a point, and one seed is worth more than that.

import { join } from 'node:path';
import { type Cell, devicesOf, learnCells, type Measurement, runsMade, runTable } from './learned.ts';

export const model = 'vit-small-dinov2';
/** Pixels along a side: 4 x 4 patches of 14, for a software adapter. The checkpoint has seen 16 x 16. */
export const image_size = 56;
export const steps = 300;

/** By method its learning rate, as in python/record/pictures.py. */
export const rates: Readonly<Record<string, number>> = { full: 2e-5, meft1: 2e-3, lora: 2e-3, 'linear-probe': 1e-2 };

const pictureRuns: Measurement<Cell> = {
  folder: 'pictures',
  cells: Object.entries(rates).map(([method, learning_rate]) => ({ task: 'image_classification', method, learning_rate, steps })),
  nameOf: ({ method }) => method,
  flagsOf: ({ task }, checkpoints) => [
    ...['--model', join(checkpoints, model), '--task', task, '--image-size', String(image_size)],
    ...['--data', 'bundled:digits/train', '--eval-data', 'bundled:digits/test'],
  ],
};

export async function run(json: boolean, of: readonly string[]): Promise<void> {
  const [checkpoints, ...names] = of;
  if (checkpoints === undefined) throw new Error(`Give the folder of the checkpoints, with ${model} in it.`);
  await learnCells(pictureRuns, checkpoints, names, json);
}

/** Its part of docs/learning.md: the runs that were made, beside PyTorch's. */
export function picturesSection(): readonly string[] {
  const runs = runsMade(pictureRuns);
  if (runs.length === 0) return [];
  return [
    '',
    '# Pictures with a small ViT',
    '',
    'ViT-S/14 of DINOv2 (12 layers, 384 wide, trained on 224 × 224) learns scikit-learn’s handwritten digits (Alpaydin & Kaynak 1998, CC BY 4.0): 1,437 pictures of',
    `8 × 8, made ${image_size} × ${image_size}, which is ${(image_size / 14) ** 2} patches and the class token. Each row is a run of \`node scripts/bench.mjs learning_pictures CHECKPOINTS RUN\`,`,
    'CHECKPOINTS being the folder that has the model: batch 16, seed 42, no dropout, warm-up 6 %, linear decay, scored on the 360 pictures of the test part after',
    'the last step. Beside it PyTorch with the same recipe and seed (`python -m record.pictures CHECKPOINTS RUN`); the two draw other batches, heads and adapters.',
    `What PyTorch reaches by seeds from 43 on shows how much of a difference is chance. Device: ${devicesOf(runs)}.`,
    '',
    runTable(runs, pictureRuns.nameOf),
  ];
}
