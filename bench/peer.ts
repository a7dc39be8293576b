// LoRA on DistilGPT-2's configuration, which learns to write: what a step takes beside torchlette (github.com/vinhowe/torchlette), which trains the same in a
// browser. Rank 8 on c_attn and c_fc, one text at a time, f32 weights, every word's loss. `node scripts/bench.mjs peer FOLDER` takes a few steps here,
// a few there, from its sources in FOLDER (a clone at 926e025), and a few here again, on one driver; without a folder it lays beside ours what it took so
// on SwiftShader on two quiet cores. Weights are drawn, not learned: neither time nor bytes depend on them. Not a test.

import { Executor } from '../src/gpu/executor.ts';
import { sizeOf } from '../src/graph/tensor.ts';
import type { Backbone } from '../src/models/model.ts';
import { defaultTraining, type PolicyName } from '../src/protocol/config.ts';
import { languageModelling } from '../src/tasks/language_modelling.ts';
import { Trainer } from '../src/train/trainer.ts';
import { testDevice } from '../test/testing.ts';
import { distilGpt2 } from './configurations.ts';
import { programsOf } from './memory.ts';
import { trainedByTorchlette } from './torchlette.ts';
import { deviceName } from './trained.ts';
import { median } from './turns.ts';

const [T, turns] = [64, 2];
/** Of a run of this measurement with its folder (docs/LOG.md): seconds of a step of 64 tokens, and the peak of its own account. */
export const torchlette = { seconds: 37.4, bytes: 1836e6 };

/** A step of LoRA that learns to write, one text of `length` tokens, by plan. */
export const planWriting = (backbone: Backbone, length: number, policy: PolicyName = 'store') =>
  programsOf(
    backbone,
    { method: 'lora', policy, streams: 'single', every: 1, options: { target_modules: ['c_attn', 'c_fc'] } },
    { batch: 1, length },
    'f32',
    languageModelling,
  );

/** Numbers of the size of weights, fast: a hundred million of them are drawn. */
function drawn(count: number, seed: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(count);
  let state = seed >>> 0;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = (state / 2 ** 32 - 0.5) / 10;
  }
  return values;
}

/** Seconds of each of a few steps, after one that warms up, and all bytes of the plan. */
async function stepsHere(): Promise<{ readonly seconds: readonly number[]; readonly bytes: number }> {
  const { plan, registry } = planWriting(distilGpt2, T);
  const executor = await Executor.prepare(await testDevice(), plan);
  const trainer = new Trainer(executor, registry, { training: defaultTraining, max_steps: 100, streamLimit: 1 });
  trainer.initialise(defaultTraining.seed);
  let seed = 1;
  for (const parameter of registry.parameters.values())
    if (parameter.owner === 'backbone') trainer.setParameters(new Map([[parameter.name, drawn(sizeOf(parameter.shape), seed++)]]));
  const labels = Int32Array.from({ length: T }, (_, i) => (i === T - 1 ? -100 : 7 * i + 8));
  const inputs = {
    input_ids: Uint32Array.from({ length: T }, (_, i) => 7 * i + 1),
    position_ids: Uint32Array.from({ length: T }, (_, i) => i),
    ...{ lengths: Uint32Array.of(T), target_rows: Uint32Array.from(labels, (label, i) => (label < 0 ? 0xffffffff : i)), labels },
  };
  const seconds: number[] = [];
  for (let turn = 0; turn <= turns; turn++) {
    const begin = performance.now();
    const { loss } = await trainer.step(turn, [{ length: T, inputs, counted: T - 1, tokens: T }]);
    if (!Number.isFinite(loss)) throw new Error(`the loss of step ${turn} is ${loss}`);
    if (turn > 0) seconds.push((performance.now() - begin) / 1000);
  }
  const { total: bytes } = executor.plan;
  executor.destroy();
  return { seconds, bytes };
}

/** Steps there between steps here; the first, in which it plans and compiles, does not count. */
async function beside(folder: string) {
  const before = await stepsHere();
  const there = await trainedByTorchlette(folder, T, turns + 1);
  if (!there.losses.every(Number.isFinite)) throw new Error(`torchlette's losses are ${there.losses.join(', ')}`);
  const after = await stepsHere();
  return {
    here: { seconds: median([...before.seconds, ...after.seconds]), bytes: before.bytes },
    there: { seconds: median(there.seconds.slice(1)), bytes: there.bytes, losses: there.losses },
  };
}

async function besideRecorded() {
  const { seconds, bytes } = await stepsHere();
  return { here: { seconds: median(seconds), bytes }, there: torchlette };
}

export async function run(json: boolean, of: readonly string[]): Promise<void> {
  const [folder] = of;
  const { here, there } = folder === undefined ? await besideRecorded() : await beside(folder);
  const device = await deviceName();
  if (json) return console.log(JSON.stringify({ device, here, torchlette: there, recorded: folder === undefined }));
  const line = ({ seconds, bytes }: { readonly seconds: number; readonly bytes: number }) =>
    `${(T / seconds).toFixed(2)} tokens/s, ${(bytes / 1e6).toFixed(0)} MB`;
  console.log(`Device: ${device}`);
  console.log(`here        ${line(here)} in all`);
  console.log(`torchlette  ${line(there)}${folder === undefined ? ' (recorded)' : ''}`);
  console.log(`${(there.seconds / here.seconds).toFixed(1)} times as fast, ${(here.bytes / there.bytes).toFixed(3)} of the bytes`);
}
