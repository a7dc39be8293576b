// A model of a published configuration with random weights, ready to step: what measurements need, without a file. Not a model that knows anything, and not
// how a session makes one (src/session/engine). Invariant: configuration, method and seed decide every number, so two of the same are the same to the bit.

import type { Batch } from '../data/batches.ts';
import type { Device } from '../gpu/device.ts';
import { Executor } from '../gpu/executor.ts';
import { sizeOf } from '../graph/tensor.ts';
import { methodNamed, resolveOptions } from '../methods/registry.ts';
import type { Backbone } from '../models/model.ts';
import { callsOf, inForms } from '../plan/plan.ts';
import { defaultTraining, type GranularityName, type MethodName, type PolicyName } from '../protocol/config.ts';
import { randomKey, randomNormal, randomUniform, siteId } from '../random/counter.ts';
import { classification } from '../tasks/classification.ts';
import { type ProgramSetup, planPrograms, streamLimitOf } from '../train/programs.ts';
import { Trainer } from '../train/trainer.ts';
import { type ChosenForms, formsWith } from './tuning.ts';

export interface RandomEngineRequest {
  readonly backbone: Backbone;
  readonly method: MethodName;
  readonly policy: PolicyName;
  readonly granularity: GranularityName;
  readonly batch: number;
  readonly length: number;
  readonly num_labels: number;
  readonly max_steps: number;
  /** The method's own where left out. */
  readonly learning_rate?: number;
  readonly purposes?: ProgramSetup['purposes'];
  /** Forms that were chosen before, to which those of this model are added; left out: none. */
  readonly chosen?: ChosenForms;
}

export interface RandomEngine {
  readonly trainer: Trainer;
  readonly executor: Executor;
  readonly planning_ms: number;
}

/** Numbers that are drawn; parameters take them from different places on, over and over. A prime, so that rows of a matrix differ. */
const drawnNumbers = 65521;
const deviation = 0.02;

/** Values of weights, N(mean, 0.02²), in no time: most of a model's are asked for. */
class Weights {
  readonly #drawn = Float32Array.from({ length: drawnNumbers }, (_, i) => deviation * randomNormal(randomKey(7, 0, siteId('weights')), i));

  of(name: string, size: number, mean: number): Float32Array<ArrayBuffer> {
    const values = new Float32Array(size);
    const from = siteId(name) % drawnNumbers;
    for (let begin = 0, at = from; begin < size; at = 0) {
      const some = this.#drawn.subarray(at, at + size - begin);
      values.set(some, begin);
      begin += some.length;
    }
    return mean === 0 ? values : values.map((value) => value + mean);
  }
}

/** Plans, allocates, compiles and fills; the caller destroys the executor. */
export async function randomEngine(device: Device, request: RandomEngineRequest): Promise<RandomEngine> {
  const { backbone, policy, granularity, batch, length, num_labels, max_steps, purposes = ['training'], chosen = {} } = request;
  const method = methodNamed(request.method);
  const training = { ...defaultTraining, learning_rate: request.learning_rate ?? method.learning_rate, batch_size: batch, dropout: 0.1 };
  const begin = performance.now();
  const setup: ProgramSetup = {
    ...{ task: classification, backbone, method, options: resolveOptions(method, {}, backbone.defaults), granularity, num_labels },
    ranges: [{ from: 0, to: backbone.config.num_hidden_layers, policy, every: policy === 'store' ? undefined : 1 }],
    pooling: 'mean',
    storedType: () => 'f32',
    ...{ batch_size: batch, buckets: [{ length }], optimizer: training, purposes },
    max_binding: device.device.limits.maxStorageBufferBindingSize,
  };
  const { plan, registry } = planPrograms(setup);
  const planning_ms = performance.now() - begin;
  const executor = await Executor.prepare(device, inForms(plan, await formsWith(device, callsOf(plan), chosen)));
  try {
    const trainer = new Trainer(executor, registry, { training, max_steps, streamLimit: streamLimitOf(setup) });
    trainer.initialise(training.seed);
    const weights = new Weights();
    for (const { name, shape, initial, mean } of registry.parameters.values())
      if (initial.from === 'checkpoint') trainer.setParameters(new Map([[name, weights.of(name, sizeOf(shape), mean)]]));
    return { trainer, executor, planning_ms };
  } catch (error) {
    executor.destroy();
    throw error;
  }
}

/** Of `batch` texts of `length` tokens, none padded. */
export interface TextsRequest {
  readonly seed: number;
  readonly batch: number;
  readonly length: number;
  readonly vocab_size: number;
  readonly num_labels: number;
}

/** Words that only texts of one class have, and how often a token is one of them. */
const [ownWords, ownShare] = [8, 0.5];

/**
 * Made-up texts that can be learned: each class has words of its own, and half of a text's tokens are among them; the rest are words of all classes.
 * `seed` draws other texts of the same classes.
 */
export function madeUpTexts({ seed, batch: B, length: T, vocab_size, num_labels }: TextsRequest): Batch {
  const key = randomKey(seed, 0, siteId('made-up texts'));
  const common = vocab_size - num_labels * ownWords;
  const labels = Int32Array.from({ length: B }, (_, b) => Math.floor(num_labels * randomUniform(key, b)));
  const word = (n: number): number => {
    const [kind, which] = [randomUniform(key, B + 2 * n), randomUniform(key, B + 2 * n + 1)];
    return kind < ownShare
      ? common + (labels[Math.floor(n / T)] as number) * ownWords + Math.floor(which * ownWords)
      : Math.floor(which * common);
  };
  return {
    length: T,
    inputs: {
      input_ids: Uint32Array.from({ length: B * T }, (_, n) => word(n)),
      token_type_ids: new Uint32Array(B * T),
      position_ids: Uint32Array.from({ length: B * T }, (_, n) => n % T),
      lengths: new Uint32Array(B).fill(T),
      labels,
    },
    counted: B,
    tokens: B * T,
  };
}
