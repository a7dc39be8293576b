// An engine that starts, and what it makes of examples: batches of like length give every text the bits that it has alone, in the order of the texts; a run waits for
// the pipelines of its own programs alone, and what does not compile says so where it is needed.

import { expect, test, vi } from 'vitest';
import { modelAt, testDevice, vectors } from '../../../test/testing.ts';
import { encodeTexts, exampleOf, type TokenizedExample } from '../../data/dataset.ts';
import { tokenizerOfWords } from '../../data/testing.ts';
import type { Tokenizer } from '../../data/tokenizer.ts';
import type { Device } from '../../gpu/device.ts';
import { PipelineCache, type PipelineKey, pipelineLabel } from '../../gpu/pipelines.ts';
import { Slices } from '../../gpu/slices.ts';
import { defaultTraining, type GranularityName, type MethodName, type PolicyName } from '../../protocol/config.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { Phase } from '../../protocol/messages.ts';
import { outputsOf } from '../../tasks/task.ts';
import { type Engine, type EngineRequest, slicesOf, startEngine } from './engine.ts';
import { judge } from './judge.ts';

const model = await modelAt(`${vectors}tiny_bert`);
const labels = ['a', 'b', 'c'];
const maxLength = 24;

/** One token a word, by its number. */
const tokenizer: Tokenizer = {
  ...tokenizerOfWords,
  encode(text, ...others) {
    const encoded = tokenizerOfWords.encode(text, ...others);
    return { ...encoded, input_ids: Uint32Array.from(text.split(' '), (word) => Number(word)) };
  },
};

/** Texts of 1 to 22 words, in no order of length. */
const examples: TokenizedExample[] = Array.from({ length: 37 }, (_, i) => {
  const text = Array.from({ length: 1 + ((i * 7) % 22) }, (_, word) => String(1 + ((i + word) % 90))).join(' ');
  return exampleOf(encodeTexts({ text, label: 0 }, tokenizer, maxLength), i % 3);
});

interface Asked extends Partial<EngineRequest> {
  readonly device?: Device;
  readonly granularity?: GranularityName;
  readonly method?: MethodName;
  readonly policy?: PolicyName;
}

/** Its training keeps what an evaluation does not, by pipelines of its own. */
const stored = { method: 'lora', policy: 'store' } as const;

const started = async (asked: Asked = {}): Promise<Engine> => {
  const { device = await testDevice(), granularity = 'frugal', method = 'meft1', policy = 'reversible', ...request } = asked;
  const training = { ...defaultTraining, batch_size: 4, dropout: 0 };
  return startEngine(device, {
    ...{ model, tokenizer, labels, max_steps: 8, purposes: ['training', 'evaluation'] },
    buckets: [8, 16, 24].map((length) => ({ length })),
    config: { method, policy, checkpoint_every: 1, options: {}, pooling: 'mean', granularity, training },
    onPhase: () => undefined,
    onPlan: () => undefined,
    ...request,
  });
};

test.each(['frugal', 'balanced'] as const)(
  'a text has the same bits among others of a %s run as alone, in the order of the texts',
  async (granularity) => {
    const engine = await started({ granularity });
    const told: number[] = [];
    const together = await judge(engine, examples, (done) => void told.push(done));
    for (const [i, example] of examples.entries()) {
      expect(together[i]?.example).toBe(example);
      if (i % 5 > 0) continue;
      expect(outputsOf(together.slice(i, i + 1)), `text ${i}`).toEqual(outputsOf(await judge(engine, [example])));
    }
    engine.executor.destroy();
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(told.at(-1)).toBe(examples.length);
    expect(new Set(outputsOf(together)).size).toBeGreaterThan(examples.length);
  },
);

test('a batch runs while the one before it is told of, and one that stops an evaluation leaves the next as it is', async () => {
  const engine = await started();
  const whole = outputsOf(await judge(engine, examples));
  const stop = new Error('stop');
  let asked = 0;
  const { trainer } = engine;
  const outputs = trainer.outputs.bind(trainer);
  trainer.outputs = (batch) => {
    asked++;
    return outputs(batch);
  };
  await expect(
    judge(engine, examples, () => {
      throw stop;
    }),
  ).rejects.toBe(stop);
  expect(asked).toBe(2);
  expect(outputsOf(await judge(engine, examples))).toEqual(whole);
  engine.executor.destroy();
});

/** A cache of which some pipelines come when, and as, a test says. */
class ChangedPipelines extends PipelineCache {
  readonly #change: (key: PipelineKey) => Promise<void>;

  constructor({ device }: Device, change: (key: PipelineKey) => Promise<void>) {
    super(device);
    this.#change = change;
  }

  override async get(key: PipelineKey): Promise<GPUComputePipeline> {
    await this.#change(key);
    return super.get(key);
  }
}

const changed = async (change: (key: PipelineKey) => Promise<void>): Promise<Device> => {
  const device = await testDevice();
  return { ...device, pipelines: new ChangedPipelines(device, change) };
};

const refusal = new RetraceError({ code: 'shader', message: 'The kernel does not compile.', where: 'shaders' });

/** What evaluations alone are made of, by the names of pipelines; with the engine that said so. */
async function usualEngine(): Promise<{ readonly usual: Engine; readonly only: ReadonlySet<string> }> {
  let asked = new Set<string>();
  const usual = await started({ ...stored, device: await changed(async (key) => void asked.add(pipelineLabel(key))) });
  const neededBy = async (of: (program: string) => boolean) => {
    asked = new Set();
    await usual.executor.compile([...usual.executor.plan.programs.keys()].filter(of));
    return asked;
  };
  const isEvaluation = (name: string) => name.startsWith('evaluation') || name === 'watch';
  const others = await neededBy((name) => !isEvaluation(name));
  const only = new Set([...(await neededBy(isEvaluation))].filter((label) => !others.has(label)));
  expect(only.size).toBeGreaterThan(0);
  return { usual, only };
}

test('the first step waits for its own pipelines alone; an evaluation waits for the rest, and has the numbers of one that did not wait', async () => {
  const { usual, only } = await usualEngine();
  const batches = await slicesOf(usual, examples, Uint32Array.of(0, 3));
  const { loss } = await usual.trainer.step(0, batches);
  const expected = outputsOf(await judge(usual, examples));
  usual.executor.destroy();

  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const engine = await started({ ...stored, device: await changed(async (key) => (only.has(pipelineLabel(key)) ? held : undefined)) });
  expect((await engine.trainer.step(0, batches)).loss).toBe(loss);
  let judged = false;
  const judging = judge(engine, examples).then((found) => {
    judged = true;
    return found;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(judged).toBe(false);
  release();
  expect(outputsOf(await judging)).toEqual(expected);
  engine.executor.destroy();
});

test('a kernel of the first step that does not compile fails the start, also while weights are still on their way', async () => {
  const device = await changed(async ({ kernel }) => {
    if (kernel === 'adamw') throw refusal;
  });
  await expect(started({ device })).rejects.toBe(refusal);
});

test('a kernel of a later program that does not compile fails that program, and no step', async () => {
  const { usual, only } = await usualEngine();
  usual.executor.destroy();
  const device = await changed(async (key) => {
    if (only.has(pipelineLabel(key))) throw refusal;
  });
  const engine = await started({ ...stored, device });
  const batches = await slicesOf(engine, examples, Uint32Array.of(0, 3));
  expect((await engine.trainer.step(0, batches)).step).toBe(1);
  await expect(judge(engine, examples)).rejects.toBe(refusal);
  expect((await engine.trainer.step(1, batches)).step).toBe(2);
  engine.executor.destroy();
});

test('cut into submits of any size, steps and evaluations have the same numbers', async () => {
  const numbers = [];
  for (const size of [4e9, 1e3]) {
    const sizes = vi.spyOn(Slices.prototype, 'size', 'get').mockReturnValue(size);
    const software = await testDevice();
    // As on a GPU, whose submits are timed.
    const engine = await started({ device: { ...software, info: { ...software.info, isFallback: false } } });
    const { loss, grad_norm } = await engine.trainer.step(0, await slicesOf(engine, examples, Uint32Array.of(0, 3)));
    numbers.push({ loss, grad_norm, outputs: outputsOf(await judge(engine, examples)) });
    engine.executor.destroy();
    sizes.mockRestore();
  }
  expect(numbers[1]).toEqual(numbers[0]);
});

test('phases are told in the order in which they are waited for', async () => {
  const phases: Phase[] = [];
  const engine = await started({ onPhase: (phase) => void (phases.at(-1) !== phase && phases.push(phase)) });
  engine.executor.destroy();
  expect(['planning,loading model', 'planning,loading model,compiling']).toContain(phases.join());
});
