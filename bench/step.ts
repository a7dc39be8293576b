// A whole training step of the bundled model against the best matrix-product rate of the same run: how much of what the device can do a step
// reaches, where the rest goes, what reversing costs over storing, and what parts of a batch cost. FLOPs counted are those of the matrix products
// that the step needs, attention's included. The candidates take turns (turns.ts). `step 16x128` takes another batch and length than 8 and 32.

import { exactTimestamps } from '../cli/adapter.ts';
import { flopsOf } from '../src/plan/work.ts';
import type { MethodName, PolicyName } from '../src/protocol/config.ts';
import { randomBatch } from '../test/random_model.ts';
import { type TestEngine, testEngine } from '../test/testing.ts';
import { bundledModel } from './bundled.ts';
import { bestGemmRate } from './gemm.ts';
import { median, ratio, stepSize, stepTimes } from './turns.ts';

const turns = 12;
const usualSize = [8, 32] as const;

interface Candidate {
  readonly method: MethodName;
  readonly policy: PolicyName;
  readonly chunks: number;
}

const candidates: readonly Candidate[] = [
  { method: 'meft1', policy: 'reversible', chunks: 1 },
  { method: 'meft1', policy: 'store', chunks: 1 },
  { method: 'lora', policy: 'store', chunks: 1 },
  { method: 'meft1', policy: 'reversible', chunks: 2 },
  { method: 'meft1', policy: 'reversible', chunks: 8 },
];

interface StepTiming extends Candidate {
  /** By turn. */
  readonly times: readonly number[];
  /** Their median. */
  readonly ms: number;
  readonly gigaflops: number;
  readonly activation_and_workspace: number;
  readonly kernels: readonly {
    readonly kernel: string;
    readonly calls: number;
    readonly ms: number;
    readonly share: number;
    readonly gigaflops: number;
  }[];
}

async function engineOf({ method, policy, chunks }: Candidate, [B, T]: readonly [number, number]): Promise<TestEngine> {
  return testEngine({
    model: await bundledModel(),
    method,
    policy,
    memory: { chunks },
    pooling: 'mean',
    num_labels: 10,
    batch_size: B,
    lengths: [T],
    training: { dropout: 0.1 },
    max_steps: 1000,
  });
}

async function timingOf(candidate: Candidate, { executor }: TestEngine, times: readonly number[], program: string): Promise<StepTiming> {
  const ms = median(times);
  const planned = executor.plan.programs.get(program);
  if (!planned) throw new Error(`the plan has no program '${program}'`);
  const profile = await executor.profile(program);
  const total = [...profile.values()].reduce((sum, entry) => sum + entry.ms, 0);
  const kernels = [...profile]
    .map(([kernel, { calls, ms: own, multiplyAdds }]) => ({
      kernel,
      calls,
      ms: own,
      share: own / total,
      gigaflops: (2 * multiplyAdds) / own / 1e6,
    }))
    .sort((a, b) => b.ms - a.ms);
  const { activation, workspace } = executor.plan.bytes;
  return {
    ...candidate,
    times,
    ms,
    gigaflops: flopsOf(planned.lowered) / ms / 1e6,
    activation_and_workspace: activation + workspace,
    kernels,
  };
}

async function timeSteps(size: readonly [number, number]): Promise<StepTiming[]> {
  const [B, T] = size;
  const engines: TestEngine[] = [];
  for (const candidate of candidates) engines.push(await engineOf(candidate, size));
  const batch = randomBatch(1, B, T, 30522, 10, false);
  const times = await stepTimes(engines, batch, turns);
  const timings: StepTiming[] = [];
  for (const [i, candidate] of candidates.entries()) {
    timings.push(await timingOf(candidate, engines[i] as TestEngine, times[i] as number[], `training ${T}`));
    engines[i]?.executor.destroy();
  }
  return timings;
}

export async function run(json: boolean, of: readonly string[]): Promise<void> {
  const size = stepSize(of, usualSize);
  exactTimestamps();
  const best = await bestGemmRate();
  const timings = await timeSteps(size);
  const [meft1, stored, lora, ...inParts] = timings as [StepTiming, StepTiming, StepTiming, ...StepTiming[]];
  const result = {
    batch: size[0],
    length: size[1],
    best_gemm_gigaflops: best,
    share_of_best: meft1.gigaflops / best,
    over_stored: ratio(meft1.times, stored.times),
    over_lora: ratio(meft1.times, lora.times),
    parts: inParts.map(({ chunks, times }) => ({ chunks, over_one_part: ratio(times, meft1.times) })),
    timings,
  };
  if (json) {
    console.log(JSON.stringify(result));
    return;
  }
  console.log(`batch ${size.join(' × ')} tokens; best matrix product ${best.toFixed(2)} GFLOP/s`);
  for (const { method, policy, chunks, ms, gigaflops, activation_and_workspace } of timings) {
    const memory = `${(activation_and_workspace / 2 ** 20).toFixed(1)} MiB activation and workspace`;
    console.log(
      `${method} ${policy}, parts: ${chunks}: ${ms.toFixed(0)} ms a step, ${gigaflops.toFixed(2)} GFLOP/s, ${((100 * gigaflops) / best).toFixed(0)} % of the best, ${memory}`,
    );
  }
  console.log(`MEFT1 reversible over MEFT1 stored: ${result.over_stored.toFixed(2)}; over LoRA stored: ${result.over_lora.toFixed(2)}`);
  for (const { chunks, over_one_part } of result.parts) console.log(`${chunks} parts over one: ${over_one_part.toFixed(2)}`);
  for (const { kernel, calls, ms, share, gigaflops } of meft1.kernels) {
    console.log(
      `${kernel.padEnd(24)} ${String(calls).padStart(4)} calls ${ms.toFixed(1).padStart(8)} ms ${(100 * share).toFixed(1).padStart(5)} % ${gigaflops > 0 ? `${gigaflops.toFixed(2)} GFLOP/s` : ''}`,
    );
  }
}
