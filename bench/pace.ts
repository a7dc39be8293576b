// The time of a training step of every method under its default policy, side by side in one run on the bundled model: the last column of
// docs/learning.md. Times are told as multiples of full fine-tuning's, for those are what another device has a chance to share. `pace 16x128` takes another
// batch and length than 16 and 16, and is only printed.

import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { nodeHost } from '../cli/host.ts';
import { openDevice } from '../src/gpu/device.ts';
import { methods } from '../src/methods/registry.ts';
import { randomBatch } from '../test/random_model.ts';
import { type TestEngine, testEngine } from '../test/testing.ts';
import { bundledModel } from './bundled.ts';
import { median, ratio, stepSize, stepTimes } from './turns.ts';

const folder = fileURLToPath(new URL('../docs/learning/', import.meta.url));
export const paceFile = `${folder}pace.json`;
const turns = 5;
const usualSize = [16, 16] as const;

/** What a run of all methods showed. */
export interface Pace {
  readonly device: string;
  readonly batch: number;
  readonly length: number;
  /** Median step by method. */
  readonly ms: Readonly<Record<string, number>>;
  /** By method, of full fine-tuning's step in the same turn. */
  readonly of_full: Readonly<Record<string, number>>;
}

async function measured([B, T]: readonly [number, number]): Promise<Pace> {
  const device = await openDevice(await nodeHost().gpu());
  const model = await bundledModel();
  const engines: TestEngine[] = [];
  for (const { name, defaultPolicy } of methods) {
    engines.push(
      await testEngine({
        ...{ device, model, method: name, policy: defaultPolicy, pooling: 'mean', num_labels: 10, batch_size: B, lengths: [T] },
        ...{ training: { dropout: 0.1 }, max_steps: 1000 },
      }),
    );
    console.error(`${name} ready`);
  }
  const batch = randomBatch(1, B, T, 30522, 10, false);
  const times = await stepTimes(engines, batch, turns);
  for (const { executor } of engines) executor.destroy();
  const full = times[methods.findIndex(({ name }) => name === 'full')] as number[];
  const byMethod = (of: (own: number[]) => number) => Object.fromEntries(methods.map(({ name }, i) => [name, of(times[i] as number[])]));
  return {
    device: device.info.description || device.info.vendor,
    batch: B,
    length: T,
    ms: byMethod((own) => Math.round(median(own))),
    of_full: byMethod((own) => Number(ratio(own, full).toFixed(3))),
  };
}

export async function run(json: boolean, of: readonly string[]): Promise<void> {
  const pace = await measured(stepSize(of, usualSize));
  if (of.length === 0) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(paceFile, `${JSON.stringify(pace)}\n`);
  }
  if (json) return console.log(JSON.stringify(pace));
  for (const [name, ms] of Object.entries(pace.ms)) {
    console.log(`${name.padEnd(18)} ${String(ms).padStart(6)} ms  ${(pace.of_full[name] as number).toFixed(2)}`);
  }
}
