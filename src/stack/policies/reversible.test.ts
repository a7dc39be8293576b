// The reading of what float streams lose. That snapshots, ranges and parts give the right gradients is judged in test/policies.test.ts.

import { expect, test } from 'vitest';
import { outcomeOf, smallShape } from '../../../test/outcome.ts';
import { randomBatch, randomModel } from '../../../test/random_model.ts';
import { type TestEngine, type TestRequest, testEngine } from '../../../test/testing.ts';
import type { KernelName } from '../../kernels/table.ts';

const num_hidden_layers = 6;
const model = await randomModel({ ...smallShape, num_hidden_layers });

const request: TestRequest = {
  ...{ model, method: 'meft1', policy: 'reversible', options: { streams: 'float' }, pooling: 'mean', num_labels: 5 },
  ...{ batch_size: 3, lengths: [8] },
};

async function errorsOf(snapshot_every: number | undefined): Promise<number[]> {
  const { steps } = await outcomeOf({ ...request, memory: snapshot_every === undefined ? {} : { snapshot_every } }, [
    randomBatch(0, 3, 8, smallShape.vocab_size, 5),
  ]);
  return steps[0]?.reconstruction?.map(({ error }) => error) ?? [];
}

test('with snapshots the reading is still of what was rebuilt, and begins anew above each', async () => {
  const [without, everyTwo, everyOne] = [await errorsOf(undefined), await errorsOf(2), await errorsOf(1)];
  for (const errors of [without, everyTwo, everyOne]) {
    expect(errors.length).toBe(num_hidden_layers);
    // A layer that is undone loses something: nothing lost would be a snapshot compared with itself.
    expect(Math.min(...errors)).toBeGreaterThan(0);
  }
  // Bottom first: what is lost grows downward, but from a snapshot on.
  for (let i = 1; i < num_hidden_layers; i++) expect(without[i - 1]).toBeGreaterThan(without[i] as number);
  for (const i of [0, 2, 4]) expect(everyTwo[i]).toBeGreaterThan(3 * (everyTwo[i + 1] as number));
  for (const i of [1, 3]) expect(everyTwo[i]).toBeLessThan((everyTwo[i - 1] as number) / 3);
  expect(Math.max(...everyOne)).toBeLessThan(1e-5);
  expect(Math.max(...everyTwo)).toBeLessThan((without[0] as number) / 10);
});

/** Calls of a kernel in all programs of an engine. */
const callsOf = ({ executor }: TestEngine, name: KernelName) =>
  [...executor.plan.programs.values()]
    .flatMap(({ lowered }) => lowered.nodes)
    .flatMap(({ calls }) => calls.filter(({ kernel }) => kernel === name));

test('attention runs twice in every layer, once a part; where it is kept it runs once, on the whole batch', async () => {
  for (const [policy, chunks, runs] of [
    ['reversible', 1, 2 * num_hidden_layers],
    ['reversible', 2, 2 * 2 * num_hidden_layers],
    ['store', 2, num_hidden_layers],
  ] as const) {
    const engine = await testEngine({ ...request, policy, memory: { chunks }, change: (setup) => ({ ...setup, purposes: ['training'] }) });
    expect(callsOf(engine, 'attention')).toHaveLength(runs);
    engine.executor.destroy();
  }
});

test('both streams of every layer are compared, each with its own sample', async () => {
  const engine = await testEngine(request);
  const compared = callsOf(engine, 'max_difference');
  expect(compared).toHaveLength(2 * num_hidden_layers);
  expect(new Set(compared.flatMap(({ tensors }) => Object.values(tensors).slice(0, 2))).size).toBe(4 * num_hidden_layers);
  engine.executor.destroy();
});
