// Epochs of a whole run: 10 examples in batches of 2, 4 of them to a step, three times over. The numbers of Transformers' Trainer stand in
// src/train/epochs.test.ts; here a run goes by them, resumes by them, and refuses a checkpoint that went by others.

import { expect, test } from 'vitest';
import { smallShape } from '../../../test/outcome.ts';
import { bundledVocabulary, randomModelFiles } from '../../../test/random_model.ts';
import { testHost } from '../../../test/testing.ts';
import { defaultTraining, type RunConfig } from '../../protocol/config.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { RunEvent } from '../../protocol/messages.ts';
import type { Host, StoredRun } from '../host.ts';
import { Session } from '../session.ts';

const lines = Array.from({ length: 10 }, (_, i) => `${['good', 'bad'][i % 2]} film number ${i},${i % 2}`);
const data = { kind: 'file', name: 'ten.csv', blob: new Blob([`text,label\n${lines.join('\n')}\n`]) } as const;
const config: RunConfig = {
  ...{ model: randomModelFiles({ ...smallShape, vocab_size: bundledVocabulary }), pooling: 'mean', data, eval_data: data },
  ...{ task: 'classification', method: 'bitfit', policy: 'store', checkpoint_every: 1, options: {} },
  training: {
    ...{ ...defaultTraining, max_length: 16, eval_steps: 0, save_steps: 1, learning_rate: 0.1, dropout: 0.1 },
    ...{ batch_size: 2, gradient_accumulation_steps: 4, max_steps: -1, epochs: 3 },
  },
};

/** A session whose checkpoints are all kept, the last one first to be resumed. */
function session() {
  const kept: StoredRun[] = [];
  const events: RunEvent[] = [];
  const runs: Host['runs'] = {
    save: async (run) => ({ path: String(kept.push(structuredClone(run))) }),
    load: async () => kept.at(-1),
    list: async () => kept.map(({ summary }) => summary),
    delete: async () => undefined,
  };
  const one = new Session(testHost(runs), (event) => events.push(event));
  return { kept, events, calls: one.calls };
}

const whole = session();
const other = session();

test('a run takes 6 steps, sees 30 examples and ends at epoch 3, as Trainer', async () => {
  await whole.calls.start(config);
  const steps = whole.events.filter((event) => event.type === 'step');
  expect(steps.map(({ step, max_steps, epoch, examples }) => [step, max_steps, epoch, examples])).toEqual([
    [1, 6, 0.8, 8],
    [2, 6, 1, 10],
    [3, 6, 1.8, 18],
    [4, 6, 2, 20],
    [5, 6, 2.8, 28],
    [6, 6, 3, 30],
  ]);
  expect(whole.events.filter((event) => event.type === 'evaluate')).toMatchObject([{ step: 6, epoch: 3 }]);
  // Every pass sees the same texts, in whatever order.
  const tokens = steps.map((step) => step.tokens);
  const passes = [0, 2, 4].map((i) => (tokens[i] ?? 0) + (tokens[i + 1] ?? 0));
  expect(new Set(passes).size).toBe(1);
});

test('a run that is resumed in the middle of an epoch, or at its end, is the uninterrupted one', async () => {
  for (const step of [2, 3]) {
    other.kept.push(whole.kept.find(({ summary }) => summary.step === step) as StoredRun);
    await other.calls.resume({ id: 'any' });
    expect(other.kept.at(-1)?.state).toEqual(whole.kept.at(-1)?.state);
  }
});

test('a run that an earlier version left in the middle is refused where its steps took other examples, and opened where it has ended', async () => {
  const old = (step: number): StoredRun => {
    const run = whole.kept.find(({ summary }) => summary.step === step) as StoredRun;
    const { batch_order: _, ...summary } = run.summary;
    return { ...run, summary };
  };
  other.kept.push(old(3));
  const refusal = await other.calls.resume({ id: 'any' }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(refusal).toBeInstanceOf(RetraceError);
  expect(refusal).toMatchObject({ code: 'old-run', message: expect.stringContaining('10 examples in batches of 2, 4 to a step') });

  other.kept.push(old(6));
  await other.calls.resume({ id: 'any' });
  expect(other.events.at(-1)).toMatchObject({ type: 'finished', step: 6 });
});
