// Where a run of learning_pictures begins, for PyTorch to go the same way: `node scripts/bench.mjs pictures_start CHECKPOINTS OUT` writes the starting values of
// what each method adds to OUT/METHOD.safetensors, and the pictures of every step, by their places in the training part, to OUT/steps.json.
// python/check_learning.py trains from these. No measurement.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { planEpoch } from '../src/data/batches.ts';
import { writeSafetensors } from '../src/formats/safetensors.ts';
import { methodNamed } from '../src/methods/registry.ts';
import { defaultTraining, type MethodName } from '../src/protocol/config.ts';
import { resolveMethod, setupOf } from '../src/session/engine/setup.ts';
import type { BaseModel } from '../src/session/models/base_model.ts';
import { initialValues } from '../src/train/initialise.ts';
import { planPrograms } from '../src/train/programs.ts';
import { modelAt } from '../test/testing.ts';
import { image_size, model, rates, steps } from './learning_pictures.ts';

/** Of the bundled digits' training part. */
const pictures = 1437;
const { seed, batch_size } = defaultTraining;

/** What a run of `method` trains that is not in the checkpoint, as a file. */
function startOf(base: BaseModel, method: MethodName): Uint8Array<ArrayBuffer> {
  const backbone = base.backbone();
  const policy = methodNamed(method).defaultPolicy;
  const setup = setupOf({
    ...{ model: base, resolved: resolveMethod(method, policy, {}, backbone.defaults), memory: { policy, checkpoint_every: 1 } },
    ...{ pooling: undefined, num_labels: 10, batch_size, buckets: [{ length: backbone.config.max_position_embeddings }] },
    ...{ dropout: undefined, optimizer: defaultTraining, purposes: ['training'] },
  });
  const { parameters } = planPrograms(setup).registry;
  const own = [...parameters.values()].filter(({ initial }) => initial.from !== 'checkpoint');
  return writeSafetensors(
    own.map((parameter) => ({
      ...{ name: parameter.name, dtype: 'F32', shape: parameter.shape },
      bytes: new Uint8Array(initialValues(parameter, seed, parameters).buffer),
    })),
    { format: 'pt' },
  );
}

/** The pictures of each step. */
function stepsTaken(): readonly (readonly number[])[] {
  const lengths = new Uint32Array(pictures).fill(1);
  const epoch = (n: number) => planEpoch({ lengths, batchSize: batch_size, seed, epoch: n, groupByLength: true });
  const epochs = Math.ceil((steps * batch_size) / pictures) + 1;
  return Array.from({ length: epochs }, (_, n) => epoch(n).map((batch) => [...batch]))
    .flat()
    .slice(0, steps);
}

export async function run(_: boolean, [checkpoints, out]: readonly string[]): Promise<void> {
  if (checkpoints === undefined || out === undefined)
    throw new Error(`Give the folder of the checkpoints, with ${model} in it, and one to write to.`);
  mkdirSync(out, { recursive: true });
  const base = await modelAt(join(checkpoints, model), image_size);
  for (const method of Object.keys(rates)) writeFileSync(join(out, `${method}.safetensors`), startOf(base, method as MethodName));
  writeFileSync(join(out, 'steps.json'), JSON.stringify(stepsTaken()));
  console.log(`${Object.keys(rates).length} starts and ${steps} steps: ${out}`);
}
