// A run that is a step ahead of its results: the next step is submitted before the one before it is read, no more than two are under way, results come in order, and the
// numbers are those of a run that waits for each.

import { expect, test, vi } from 'vitest';
import { smallShape } from '../../../test/outcome.ts';
import { bundledVocabulary, randomModelFiles } from '../../../test/random_model.ts';
import { testHost } from '../../../test/testing.ts';
import { defaultTraining, type RunConfig } from '../../protocol/config.ts';
import { Trainer } from '../../train/trainer.ts';
import { Session } from '../session.ts';

const lines = Array.from({ length: 12 }, (_, i) => `${['good', 'bad'][i % 2]} film number ${i},${i % 2}`);
const data = { kind: 'file', name: 'twelve.csv', blob: new Blob([`text,label\n${lines.join('\n')}\n`]) } as const;

/** A run of 8 steps: in which order steps were asked for and told, and what they said. */
async function ran(save_steps: number) {
  const config: RunConfig = {
    ...{ model: randomModelFiles({ ...smallShape, vocab_size: bundledVocabulary }), pooling: 'mean', data, eval_data: data },
    ...{ task: 'classification', method: 'meft1', policy: 'reversible', checkpoint_every: 1, options: {} },
    training: { ...defaultTraining, max_length: 16, eval_steps: 0, save_steps, dropout: 0.1, batch_size: 2, max_steps: 8 },
  };
  const order: string[] = [];
  const steps: { loss: number; grad_norm: number }[] = [];
  const step = Trainer.prototype.step;
  const spy = vi.spyOn(Trainer.prototype, 'step').mockImplementation(function (this: Trainer, number, batches) {
    order.push(`asked ${number + 1}`);
    return step.call(this, number, batches);
  });
  const session = new Session(testHost(), (event) => {
    if (event.type !== 'step') return;
    order.push(`told ${event.step}`);
    steps.push({ loss: event.loss, grad_norm: event.grad_norm });
  });
  await session.calls.start(config).finally(() => spy.mockRestore());
  return { order, steps };
}

test('steps are asked for one ahead of their results, told in order, and have the numbers of steps that are waited for', async () => {
  const ahead = await ran(0);
  expect(ahead.order).toEqual(['asked 1', ...Array.from({ length: 7 }, (_, i) => [`asked ${i + 2}`, `told ${i + 1}`]).flat(), 'told 8']);
  // A checkpoint behind every step waits for it.
  const waiting = await ran(1);
  expect(waiting.order).toEqual(Array.from({ length: 8 }, (_, i) => [`asked ${i + 1}`, `told ${i + 1}`]).flat());
  expect(ahead.steps).toEqual(waiting.steps);
});
