// The stages in which a device is measured, one behind the other. Each tells what it has found as soon as it has found it, so that a measurement that is cut off
// leaves what it had. Not here: their time and their end (bench.ts), what they work on (sizes.ts).

import type { Device } from '../gpu/device.ts';
import { flopsOf } from '../plan/work.ts';
import type { BenchReport, ExactRow, LearningRow, StepCase, StepRow } from '../protocol/bench.ts';
import { granularityNames, type PolicyName } from '../protocol/config.ts';
import { median } from '../protocol/median.ts';
import { measureBest, measureOverheads, productRate } from './ceilings.ts';
import { productCall, products } from './product.ts';
import { profileOf } from './profile.ts';
import { madeUpTexts, type RandomEngine, randomEngine } from './random_engine.ts';
import { type BatchSize, measured, type Sizes } from './sizes.ts';
import { formsThatFit } from './tuning.ts';

/** A report in the making. */
type Writable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer Item)[] ? Item[] : T[K] };
export type Found = Writable<Pick<BenchReport, 'best' | 'overheads' | 'products' | 'forms' | 'steps' | 'exact' | 'learning'>>;

export interface Scene {
  readonly device: Device;
  readonly sizes: Sizes;
  readonly found: Found;
  /** Says what comes next, with what was found so far. Throws where the stage must end here. */
  next(what: string): Promise<void>;
}

export interface Stage {
  readonly name: string;
  /** Seconds, in which it should be done on a GPU of some years ago. */
  readonly limit_s: number;
  measure(scene: Scene): Promise<void>;
}

const num_labels = 8;

const ceilings: Stage = {
  name: 'best product and copy',
  limit_s: 20,
  async measure({ device, found, next }) {
    found.best = await measureBest(device);
    await next('round trips');
    found.overheads = await measureOverheads(device);
  },
};

const layerProducts: Stage = {
  name: 'products of layers',
  limit_s: 40,
  async measure({ device, sizes, found, next }) {
    for (const [model, { config }] of Object.entries(sizes.models)) {
      const { hidden_size: C, intermediate_size: I } = config;
      for (const [K, N] of [
        [C, C],
        [C, I],
        [I, C],
      ] as const) {
        for (const kernel of products) {
          const shape = { M: sizes.rows, K, N };
          await next(`${kernel} ${shape.M} × ${K} × ${N}`);
          for (const form of formsThatFit(device, productCall(kernel, shape))) {
            const gflops = await productRate(device, kernel, shape, form);
            found.products.push({ model, kernel, form: form ?? 'first', ...shape, gflops });
          }
        }
      }
    }
  },
};

/** Milliseconds of steps that are each waited for, then the mean of as many with two under way. */
async function stepTimes(
  { trainer }: RandomEngine,
  request: TextsOf,
  limits: Sizes['steps'],
): Promise<{ times: number[]; pipelined_ms: number }> {
  const batch = madeUpTexts({ ...request, seed: 1 });
  let step = 1;
  const timed = async (): Promise<number> => {
    const begin = performance.now();
    await trainer.step(step++, [batch]);
    return performance.now() - begin;
  };
  await timed();
  const times: number[] = [];
  const begin = performance.now();
  while (times.length < limits.least || (times.length < limits.most && performance.now() - begin < limits.ms)) times.push(await timed());
  const start = performance.now();
  const underWay: Promise<unknown>[] = [];
  for (let i = 0; i < times.length; i++) {
    underWay.push(trainer.step(step++, [batch]));
    if (underWay.length >= 2) await underWay.shift();
  }
  await Promise.all(underWay);
  return { times, pipelined_ms: (performance.now() - start) / times.length };
}

type TextsOf = Omit<Parameters<typeof madeUpTexts>[0], 'seed'>;

/** A case from nothing to its profile. */
async function measureStep({ device, sizes, found }: Scene, one: StepCase): Promise<StepRow> {
  const backbone = sizes.models[one.model];
  if (!backbone) throw new Error(`there is no model '${one.model}'`);
  const texts = { batch: one.batch, length: one.length, vocab_size: backbone.config.vocab_size, num_labels };
  const begin = performance.now();
  const engine = await randomEngine(device, { ...one, backbone, num_labels, max_steps: 1000, chosen: found.forms });
  const { executor, trainer, planning_ms } = engine;
  try {
    await trainer.step(0, [madeUpTexts({ ...texts, seed: 0 })]);
    const first_step_ms = performance.now() - begin;
    const { times, pipelined_ms } = await stepTimes(engine, texts, sizes.steps);
    const { calls } = await trainer.timedStep(999, [madeUpTexts({ ...texts, seed: 1 })]);
    const best = found.best ?? { gflops: 0, gb_per_s: 0 };
    const { dispatches, ms, families } = profileOf(calls, { step: 1000, length: one.length, timer: executor.timer, best });
    const { bytes, total, programs } = executor.plan;
    return {
      ...one,
      ...{ ms: median(times) ?? 0, steps: times.length, pipelined_ms, first_step_ms, planning_ms, dispatches, bytes: total },
      activation_and_workspace: bytes.activation + bytes.workspace,
      flops: [...programs.values()].reduce((sum, { lowered }) => sum + flopsOf(lowered), 0),
      profiled_ms: ms,
      families: Object.fromEntries(families.map((row) => [row.name, row.ms])),
    };
  } finally {
    executor.destroy();
    await executor.settled();
  }
}

const stepsOf = (model: string, { batch, length }: BatchSize, limit_s: number): Stage => ({
  name: `steps of ${model}, ${batch} × ${length}`,
  limit_s,
  async measure(scene) {
    for (const cell of measured) {
      const one = { model, ...cell, batch, length };
      await scene.next(`${cell.method}, ${cell.policy}, ${cell.granularity}`);
      // One that does not fit must not keep the others from being measured.
      const row = await measureStep(scene, one).catch((thrown: unknown) => ({
        ...one,
        error: thrown instanceof Error ? thrown.message : String(thrown),
      }));
      scene.found.steps.push(row);
    }
  },
});

/** Words of gradients and parameters that two steps leave, by name. */
async function leftBy(scene: Scene, policy: PolicyName, granularity: StepCase['granularity']): Promise<Map<string, Uint32Array>> {
  const { device, sizes } = scene;
  const [backbone] = Object.values(sizes.models);
  if (!backbone) throw new Error('there is no model');
  const { batch, length } = sizes.exact;
  const { trainer, executor } = await randomEngine(device, {
    ...{ backbone, method: 'meft1', policy, granularity, batch, length, num_labels, max_steps: 4, chosen: scene.found.forms },
  });
  try {
    const texts = { batch, length, vocab_size: backbone.config.vocab_size, num_labels };
    for (const step of [0, 1]) await trainer.step(step, [madeUpTexts({ ...texts, seed: step })]);
    const left = new Map<string, Uint32Array>();
    for (const kind of ['gradient', 'parameter'])
      for (const [name, values] of await trainer.read(kind)) left.set(`${kind} ${name}`, new Uint32Array(values.buffer));
    return left;
  } finally {
    executor.destroy();
  }
}

const exactness: Stage = {
  name: 'bits of store',
  limit_s: 40,
  async measure(scene) {
    await scene.next('store, fast');
    const stored = await leftBy(scene, 'store', 'fast');
    for (const [policy, granularity] of [
      ['checkpoint', 'balanced'],
      ...granularityNames.map((name) => ['reversible', name] as const),
    ] as const) {
      await scene.next(`${policy}, ${granularity}`);
      const other = await leftBy(scene, policy, granularity);
      const row = { policy, granularity, words: 0, differing_words: 0 } satisfies ExactRow as Writable<ExactRow>;
      for (const [name, words] of stored) {
        const own = other.get(name);
        row.words += words.length;
        for (const [i, word] of words.entries()) if (own?.[i] !== word) row.differing_words++;
      }
      scene.found.exact.push(row);
    }
  },
};

/** Batches of texts that were not trained on. */
const heldOut = 4;

const learns: Stage = {
  name: 'learning',
  limit_s: 60,
  async measure({ device, sizes, found, next }) {
    const [backbone] = Object.values(sizes.models);
    if (!backbone) throw new Error('there is no model');
    const { steps, batch, length, learners } = sizes.learning;
    const texts = { batch, length, vocab_size: backbone.config.vocab_size, num_labels };
    for (const learner of learners) {
      await next(`${learner.method}, ${steps} steps`);
      const { trainer, executor } = await randomEngine(device, {
        ...{
          ...learner,
          backbone,
          granularity: 'balanced',
          batch,
          length,
          num_labels,
          max_steps: steps,
          purposes: ['training', 'evaluation'],
          chosen: found.forms,
        },
      });
      try {
        const losses: number[] = [];
        for (let step = 0; step < steps; step++)
          losses.push((await trainer.step(step, [madeUpTexts({ ...texts, seed: 100 + step })])).loss);
        let right = 0;
        for (let seed = 0; seed < heldOut; seed++) {
          const asked = madeUpTexts({ ...texts, seed });
          const logits = await trainer.outputs(asked);
          for (const [b, label] of (asked.inputs['labels'] ?? []).entries()) {
            const own = logits.subarray(b * num_labels, (b + 1) * num_labels);
            if (own.indexOf(Math.max(...own)) === label) right++;
          }
        }
        const { method, policy } = learner;
        found.learning.push({ method, policy, losses, accuracy: right / (heldOut * batch), classes: num_labels } satisfies LearningRow);
      } finally {
        executor.destroy();
      }
    }
  },
};

/** Seconds that the steps of a model may take, in the order of the models: the larger come last and take longer. */
const stepLimits = [45, 90];

/** All of them, what matters most first. */
export function stagesOf({ models, batches }: Sizes): readonly Stage[] {
  const [first, ...others] = batches.map((size) => Object.keys(models).map((model, i) => stepsOf(model, size, stepLimits[i] ?? 90)));
  return [ceilings, layerProducts, ...(first ?? []), exactness, learns, ...others.flat()];
}
