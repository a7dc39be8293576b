// What an evaluation writes: a model that has learned its texts by heart is measured so, of as many examples as were asked for, in the bytes that the plan said.
// Its configuration names another end of texts than its tokenizer, by which training goes.

import { expect, test, vi } from 'vitest';
import { randomWriter } from '../../../test/random_writer.ts';
import { testHost } from '../../../test/testing.ts';
import { Executor } from '../../gpu/executor.ts';
import { defaultTraining, type RunConfig } from '../../protocol/config.ts';
import type { RunEvent } from '../../protocol/messages.ts';
import { Session } from '../session.ts';

const beginnings = ['the film was', 'a film', 'it was', 'the end'];
const lines = Array.from({ length: 16 }, (_, i) => `${beginnings[i % 4]}\t${i % 2 ? 'good' : 'bad'}`);
const data = { kind: 'file', name: 'pairs.tsv', blob: new Blob([`source\ttarget\n${lines.join('\n')}\n`]) } as const;

const config = (change: Partial<RunConfig> = {}, training: Partial<RunConfig['training']> = {}): RunConfig => ({
  ...{ model: randomWriter(), data, eval_data: data, task: 'sequence_to_sequence' },
  ...{ method: 'full', policy: 'store', checkpoint_every: 1, options: {} },
  training: {
    ...{ ...defaultTraining, learning_rate: 0.02, batch_size: 8, max_length: 24, max_steps: 24, dropout: 0, warmup_ratio: 0 },
    ...{ weight_decay: 0, eval_steps: 0, save_steps: 0, max_generate_samples: 6, ...training },
  },
  ...change,
});

async function run(asked: RunConfig): Promise<{ readonly events: readonly RunEvent[]; readonly session: Session }> {
  const events: RunEvent[] = [];
  const session = new Session(testHost(), (event) => events.push(event));
  await session.calls.start(asked);
  return { events, session };
}
const evaluationsIn = (events: readonly RunEvent[]) => events.filter((event) => event.type === 'evaluate');

test('texts that were learned by heart are written as they are; so many are written as were asked for, in the bytes that were planned', async () => {
  const { beside } = Executor.prototype;
  const allocated: number[] = [];
  const spy = vi.spyOn(Executor.prototype, 'beside').mockImplementation(async function (this: Executor, ...given) {
    const made = await beside.apply(this, given);
    allocated.push(made.allocator.account.total);
    return made;
  });
  const { events, session } = await run(config());
  expect(evaluationsIn(events)).toMatchObject([{ examples: 16, written: 6, metrics: { exact_match: 1, perplexity: expect.any(Number) } }]);
  const plan = events.find((event) => event.type === 'plan');
  expect(plan?.writing).toEqual({ bytes: allocated[0], texts: 6 });
  expect(allocated).toHaveLength(1);
  const other = {
    kind: 'file',
    name: 'more.tsv',
    blob: new Blob(['source\ttarget\nit was\tbad\nit was\tbad \nthe end\tbad\nthe end\tgo\n']),
  } as const;
  const report = await session.calls.evaluate({ data: other });
  expect(report).toMatchObject({ examples: 4, written: 4, metrics: { exact_match: 0.5 } });
  const none = await session.calls.evaluate({ data: other, max_generate_samples: 0 });
  expect(none).not.toHaveProperty('written');
  expect(Object.keys(none.metrics)).toEqual(['perplexity', 'loss']);
  spy.mockRestore();
});

test('a method that cannot write evaluates without, and the plan says why', async () => {
  const read = { method: 'read', options: { rnn_hidden_size: 8, joiner: true } } as const;
  const { events } = await run(config(read, { max_steps: 1 }));
  expect(events.find((event) => event.type === 'plan')?.writing).toEqual({ refusal: expect.stringContaining("can't write texts") });
  expect(evaluationsIn(events)[0]?.metrics).toHaveProperty('perplexity');
  expect(evaluationsIn(events)[0]).not.toHaveProperty('written');
});
