// A whole training step of the bundled model against the best matrix-product rate of the same run: how much of what the device can do a step
// reaches, and where the rest goes. FLOPs counted are those of the matrix products that the step needs (attention's two included).

import { multiplyAdds } from '../src/graph/work.ts';
import type { MethodName, PolicyName } from '../src/protocol/config.ts';
import { modelAt, randomBatch, testEngine } from '../src/session/testing.ts';
import { bestGemmRate } from './gemm.ts';

const miniLM = new URL('../public/models/all-MiniLM-L6-v2', import.meta.url).pathname;

interface StepTiming {
  readonly method: MethodName;
  readonly policy: PolicyName;
  readonly ms: number;
  readonly gigaflops: number;
  readonly kernels: readonly {
    readonly kernel: string;
    readonly calls: number;
    readonly ms: number;
    readonly share: number;
    readonly gigaflops: number;
  }[];
}

async function timeStep(method: MethodName, policy: PolicyName, B: number, T: number, repeats: number): Promise<StepTiming> {
  const { trainer, executor } = await testEngine({
    model: await modelAt(miniLM),
    method,
    policy,
    pooling: 'mean',
    num_labels: 10,
    batch_size: B,
    lengths: [T],
    training: { dropout: 0.1 },
    max_steps: 1000,
  });
  const batch = { ...randomBatch(1, B, T, 30522, 10), lengths: new Uint32Array(B).fill(T) };
  const times: number[] = [];
  for (let step = 0; step <= repeats; step++) {
    const begin = performance.now();
    await trainer.step(step, [batch]);
    if (step > 0) times.push(performance.now() - begin);
  }
  const program = executor.plan.programs.get(`training ${T}`);
  const work = program?.lowered.nodes.flatMap(({ calls }) => calls).reduce((sum, call) => sum + 2 * multiplyAdds(call), 0) ?? 0;
  const profile = await executor.profile(`training ${T}`);
  executor.destroy();
  const total = [...profile.values()].reduce((sum, { ms }) => sum + ms, 0);
  const kernels = [...profile]
    .map(([kernel, { calls, ms, multiplyAdds: products }]) => ({
      kernel,
      calls,
      ms,
      share: ms / total,
      gigaflops: (2 * products) / ms / 1e6,
    }))
    .sort((a, b) => b.ms - a.ms);
  // The fastest, as for the products that it is held against.
  const ms = Math.min(...times);
  return { method, policy, ms, gigaflops: work / ms / 1e6, kernels };
}

export async function run(json: boolean): Promise<void> {
  const best = await bestGemmRate();
  const [meft1, lora, meft1Stored] = [
    await timeStep('meft1', 'reversible', 8, 32, 4),
    await timeStep('lora', 'store', 8, 32, 4),
    await timeStep('meft1', 'store', 8, 32, 4),
  ];
  const result = {
    best_gemm_gigaflops: best,
    share_of_best: meft1.gigaflops / best,
    over_lora: meft1.ms / lora.ms,
    over_stored: meft1.ms / meft1Stored.ms,
    meft1,
    lora,
    meft1_stored: meft1Stored,
  };
  if (json) {
    console.log(JSON.stringify(result));
    return;
  }
  console.log(`best matrix product  ${best.toFixed(2)} GFLOP/s`);
  for (const { method, policy, ms, gigaflops } of [meft1, lora, meft1Stored]) {
    console.log(
      `${method} ${policy}: ${ms.toFixed(0)} ms a step, ${gigaflops.toFixed(2)} GFLOP/s, ${((100 * gigaflops) / best).toFixed(0)} % of the best`,
    );
  }
  console.log(`MEFT1 reversible over LoRA stored: ${result.over_lora.toFixed(2)}; over MEFT1 stored: ${result.over_stored.toFixed(2)}`);
  for (const { kernel, calls, ms, share, gigaflops } of meft1.kernels) {
    console.log(
      `${kernel.padEnd(24)} ${String(calls).padStart(4)} calls ${ms.toFixed(1).padStart(8)} ms ${(100 * share).toFixed(1).padStart(5)} % ${gigaflops > 0 ? `${gigaflops.toFixed(2)} GFLOP/s` : ''}`,
    );
  }
}
