// A whole session without a worker: plan, run, pause, predict, export, import, and a damaged or foreign adapter.

import { expect, test } from 'vitest';
import { noRuns } from '../../cli/host.ts';
import { livedShape } from '../../test/outcome.ts';
import { randomModelFiles } from '../../test/random_model.ts';
import { testHost } from '../../test/testing.ts';
import { defaultTraining, type MethodName, type RunConfig } from '../protocol/config.ts';
import type { RetraceError } from '../protocol/errors.ts';
import type { RunEvent } from '../protocol/messages.ts';
import type { RunStore, StoredRun } from './host.ts';
import { Session } from './session.ts';

const model = randomModelFiles(livedShape);
const rows = Array.from(
  { length: 40 },
  (_, i) => `${i % 2 ? 'turn on the light' : 'book a flight to a far place'} number ${i}\t${i % 2 ? 'home' : 'travel'}`,
);
const data = { kind: 'file', name: 'tiny.tsv', blob: new Blob([`text\tlabel\n${rows.join('\n')}\n`]) } as const;

const config = (method: MethodName): RunConfig => ({
  model,
  pooling: 'mean',
  data,
  task: 'classification',
  method,
  policy: method === 'meft1' ? 'reversible' : 'store',
  checkpoint_every: 1,
  options: {},
  training: { ...defaultTraining, batch_size: 4, max_length: 16, max_steps: 6, eval_steps: 3, learning_rate: 1e-2, dropout: 0.1 },
});

function session(): { session: Session; events: RunEvent[] } {
  const events: RunEvent[] = [];
  return { session: new Session(testHost(), (event) => events.push(event)), events };
}

async function until(events: readonly RunEvent[], holds: (event: RunEvent) => boolean): Promise<void> {
  while (!events.some(holds)) await new Promise((resolve) => setTimeout(resolve, 1));
}

const failure = (action: Promise<unknown>): Promise<RetraceError> =>
  action.then(
    () => expect.unreachable('it should have failed'),
    (error) => error as RetraceError,
  );

test('an examination that another has followed ends, and the other is answered', async () => {
  const { session: one } = session();
  const asked = { model, data, max_length: 16, seed: 42 };
  const first = failure(one.calls.examineData(asked));
  const second = await one.calls.examineData({ ...asked, max_length: 12 });
  expect(await first).toMatchObject({ code: 'overtaken' });
  expect(second.max_length).toBe(12);
});

test.each(['meft1', 'lora', 'linear-probe', 'full'] as const)(
  '%s: the plan made before equals the account, the run ends, and its export is imported elsewhere with the same logits',
  async (method) => {
    const { session: first, events } = session();
    const report = await first.calls.examineData({ model, data, max_length: 16, seed: 42 });
    const { batch_size, dropout } = config(method).training;
    const planned = await first.calls.plan({
      ...config(method),
      num_labels: report.labels.length,
      pooling: 'mean',
      batch_size,
      length: 16,
      buckets: report.buckets,
      dropout,
    });
    await first.calls.start(config(method));
    const memory = events.filter((event) => event.type === 'memory');
    for (const { live, total, planned: promised } of memory) {
      expect({ ...live, total }).toEqual(planned.bytes);
      expect(total).toBe(promised);
    }
    const steps = events.filter((event) => event.type === 'step');
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(events.filter((event) => event.type === 'evaluate').map(({ step }) => step)).toEqual([3, 6]);
    expect(events.at(-1)).toMatchObject({ type: 'finished', step: 6, reason: 'completed' });

    const texts = [{ text: 'turn on the light' }, { text: 'a flight' }];
    const before = await first.calls.predict({ texts });
    for (const { probabilities } of before) expect(probabilities?.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
    const exported = await first.calls.exportAdapter({ name: 'tiny', licence: 'apache-2.0' });
    expect(exported.verified).toEqual({ texts: 8, largest_difference: 0 });
    // No text of the data, however it may be encoded, is in what others will get.
    const written = new TextDecoder('latin1').decode(exported.zip);
    expect(written).toContain('The kettle is on the stove.');
    expect(written).not.toMatch(/turn on the light|book a flight/);

    const { session: second } = session();
    const imported = await second.calls.importAdapter({ zip: new Blob([Uint8Array.from(exported.zip)]), model });
    expect(imported.labels).toEqual(['home', 'travel']);
    expect(imported.verified.largest_difference).toBeLessThan(1e-5);
    const after = await second.calls.predict({ texts });
    expect(
      Math.max(...after.flatMap(({ logits }, i) => logits.map((x, j) => Math.abs(x - (before[i]?.logits[j] as number))))),
    ).toBeLessThan(1e-5);
  },
);

test('a run pauses, steps once, goes on and stops with what it is told to keep', async () => {
  const { session: one, events } = session();
  const whenStep = (step: number, action: () => void) => {
    const seen = events.length;
    const look = () => (events.slice(seen).some((event) => event.type === 'step' && event.step === step) ? action() : setTimeout(look, 2));
    look();
  };
  whenStep(1, () => void one.calls.pause(undefined));
  const running = one.calls.start({ ...config('meft1'), training: { ...config('meft1').training, max_steps: 500, eval_steps: 0 } });
  const paused = async () => {
    while (events.at(-1)?.type !== 'phase' || (events.at(-1) as { phase?: string }).phase !== 'paused')
      await new Promise((resolve) => setTimeout(resolve, 2));
    return events.filter((event) => event.type === 'step').length;
  };
  const before = await paused();
  expect((await failure(one.calls.start(config('meft1')))).code).toBe('busy');
  events.push({ type: 'phase', phase: 'training' });
  await one.calls.proceed({ steps: 'one' });
  expect(await paused()).toBe(before + 1);
  await one.calls.stop({ keep: 'last' });
  await running;
  expect(events.at(-1)).toMatchObject({ type: 'finished', step: before + 1, reason: 'stopped' });
});

test('a second start is refused while the first still loads its model, and leaves it alone', async () => {
  const { session: one, events } = session();
  const running = one.calls.start(config('linear-probe'));
  expect((await failure(one.calls.start(config('meft1')))).code).toBe('busy');
  await running;
  expect(events.at(-1)).toMatchObject({ type: 'finished', step: 6 });
  expect(events.filter(({ type }) => type === 'plan')).toHaveLength(1);
});

test('an export during a run is refused, a prediction made, and the run reaches the numbers that it reaches alone', async () => {
  const losses = (events: RunEvent[]) => events.flatMap((event) => (event.type === 'step' ? [event.loss] : []));
  const longer = { ...config('meft1'), training: { ...config('meft1').training, max_steps: 12, eval_steps: 0 } };
  const { session: one, events } = session();
  const running = one.calls.start(longer);
  while (losses(events).length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  expect((await failure(one.calls.exportAdapter({ name: 'tiny', licence: '' }))).code).toBe('busy');
  expect(await one.calls.predict({ texts: [{ text: 'a flight' }] })).toHaveLength(1);
  expect(losses(events).length).toBeLessThan(longer.training.max_steps);
  await running;
  const { session: alone, events: others } = session();
  await alone.calls.start(longer);
  expect(losses(events)).toEqual(losses(others));
});

test('a start waits for the prediction and the export that are under way', async () => {
  const { session: one, events } = session();
  const short = { ...config('linear-probe'), training: { ...config('linear-probe').training, max_steps: 1, eval_steps: 0 } };
  await one.calls.start(short);
  const predicting = one.calls.predict({ texts: Array.from({ length: 20 }, () => ({ text: 'turn on the light' })) });
  const exporting = one.calls.exportAdapter({ name: 'tiny', licence: '' });
  await one.calls.start({ ...short, method: 'lora' });
  expect(await predicting).toHaveLength(20);
  expect((await exporting).verified.largest_difference).toBe(0);
  expect(events.at(-1)).toMatchObject({ type: 'finished', step: 1 });
});

test('a stop while the model still loads ends the run at once, and a pause then holds its first step', async () => {
  const { session: one, events } = session();
  const first = one.calls.start(config('meft1'));
  await until(events, (event) => event.type === 'phase' && event.phase === 'planning');
  await one.calls.stop({ keep: 'best' });
  await first;
  expect(events.at(-1)).toMatchObject({ type: 'finished', step: 0, reason: 'stopped' });
  expect(events.filter(({ type }) => type === 'step' || type === 'error')).toEqual([]);

  events.length = 0;
  const second = one.calls.start(config('meft1'));
  await one.calls.pause(undefined);
  await until(events, (event) => event.type === 'phase' && event.phase === 'paused');
  expect(events.filter(({ type }) => type === 'step')).toEqual([]);
  await one.calls.stop({ keep: 'nothing' });
  await second;
  expect(events.at(-1)).toMatchObject({ type: 'finished', step: 0, reason: 'stopped' });
});

test('a stop ends an evaluation on the way, and a pause holds it', async () => {
  const { session: one, events } = session();
  const running = one.calls.start({
    ...config('meft1'),
    data: { ...data, blob: new Blob([`text\tlabel\n${Array.from({ length: 100 }, () => rows.join('\n')).join('\n')}\n`]) },
  });
  await until(events, (event) => event.type === 'phase' && event.phase === 'evaluating' && (event.done ?? 0) > 0);
  await one.calls.pause(undefined);
  await until(events, (event) => event.type === 'phase' && event.phase === 'paused');
  await one.calls.stop({ keep: 'last' });
  await running;
  expect(events.filter((event) => event.type === 'evaluate')).toEqual([]);
  expect(events.at(-1)).toMatchObject({ type: 'finished', step: 3, reason: 'stopped' });
});

test('a run that is paused in an evaluation is saved there; resumed, it makes up for it and goes on as if nothing had been', async () => {
  const kept = new Map<string, StoredRun>();
  const runs: RunStore = {
    ...noRuns,
    save: async (run) => {
      kept.set(run.summary.id, run);
      return { path: '' };
    },
    load: async (id) => kept.get(id),
  };
  const longer = { ...config('meft1'), training: { ...config('meft1').training, max_steps: 5, save_steps: 0 } };
  const seen = (events: RunEvent[]) =>
    events.flatMap((event): unknown[] =>
      event.type === 'step' ? [event.loss] : event.type === 'evaluate' ? [[event.step, event.metrics, event.best]] : [],
    );
  const { session: undisturbed, events: wanted } = session();
  await undisturbed.calls.start(longer);

  const events: RunEvent[] = [];
  const left = new Session(testHost(runs), (event) => {
    events.push(event);
    if (event.type === 'phase' && event.phase === 'evaluating') void left.calls.pause(undefined);
  });
  void left.calls.start(longer);
  while (!events.some((event) => event.type === 'phase' && event.phase === 'paused'))
    await new Promise((resolve) => setTimeout(resolve, 1));
  const [stored] = [...kept.values()] as [StoredRun];
  expect(stored.summary).toMatchObject({ step: 3, finished: false });

  const again: RunEvent[] = [];
  const other = new Session(testHost(runs), (event) => again.push(event));
  await other.calls.resume({ id: stored.summary.id });
  expect(seen(again)).toEqual(seen(wanted));

  const ended: RunEvent[] = [];
  await new Session(testHost(runs), (event) => ended.push(event)).calls.resume({ id: stored.summary.id });
  expect(seen(ended), 'a finished run is not evaluated again').toEqual(seen(wanted));
  await left.calls.stop({ keep: 'nothing' });
});

test('an adapter of another base, or a damaged one, is refused', async () => {
  const { session: one } = session();
  await one.calls.start({ ...config('meft1'), training: { ...config('meft1').training, max_steps: 1 } });
  const { zip } = await one.calls.exportAdapter({ name: 'tiny', licence: '' });
  const other = randomModelFiles({ ...livedShape, num_hidden_layers: 3 });
  const foreign = await failure(one.calls.importAdapter({ zip: new Blob([Uint8Array.from(zip)]), model: other }));
  expect(['wrong-base', 'missing-tensor']).toContain(foreign.code);
  const damaged = Uint8Array.from(zip);
  damaged[200] = (damaged[200] as number) ^ 0xff;
  expect((await failure(one.calls.importAdapter({ zip: new Blob([damaged]), model }))).code).toMatch(/^zip-/);
});
