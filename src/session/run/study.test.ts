// The study of starting points on a random BERT: what begins at the pretrained behaviour is at no distance from it, what is moved is further
// away the more it is moved, and every point is scored alike.

import { expect, test } from 'vitest';
import { livedShape } from '../../../test/outcome.ts';
import { randomModelFiles } from '../../../test/random_model.ts';
import { randomWriter } from '../../../test/random_writer.ts';
import { testHost } from '../../../test/testing.ts';
import { spread } from '../../data/spread.ts';
import { defaultTraining } from '../../protocol/config.ts';
import type { RunEvent } from '../../protocol/messages.ts';
import type { StudyEvent, StudyRequest } from '../../protocol/study.ts';
import { Session } from '../session.ts';
import { distanceOf } from './study.ts';
import { studySeries } from './study_series.ts';

const rows = Array.from(
  { length: 40 },
  (_, i) => `${i % 2 ? 'turn on the light' : 'book a flight'} number ${i}\t${i % 2 ? 'home' : 'travel'}`,
);
const { learning_rate: _, ...training } = { ...defaultTraining, batch_size: 4, max_length: 16, max_steps: 2 };
const request: StudyRequest = {
  model: randomModelFiles(livedShape),
  pooling: 'mean',
  data: { kind: 'file', name: 'tiny.tsv', blob: new Blob([`text\tlabel\n${rows.join('\n')}\n`]) },
  training,
  eval_examples: 0,
};

test('LoRA and (IA)³ begin at the pretrained behaviour and leave it with c; MEFT is near it where λβ is small; all are scored', async () => {
  const events: RunEvent[] = [];
  const session = new Session(testHost(), (event) => events.push(event));
  const report = await session.calls.study({ ...request, series: ['lora', 'ia3', 'meft1-lambda'] });
  expect(report).toMatchObject({ data: 'tiny.tsv', texts: 4, eval_examples: 4, max_steps: 2, metric: 'accuracy', complete: true });
  const distances = (name: string) =>
    (report.series.find((series) => series.name === name)?.points ?? []).map(({ value, distance }) => [value, distance?.relative ?? -1]);
  const lora = distances('lora');
  expect(lora.map(([value]) => value)).toEqual([0, 0.01, 0.1, 1]);
  expect(lora[0]?.[1]).toBe(0);
  expect(lora.map(([, distance]) => distance)).toEqual(lora.map(([, distance = 0]) => distance).toSorted((a, b) => a - b));
  expect(lora.at(-1)?.[1]).toBeGreaterThan(1e-3);
  const [quarter, half, own, twice] = distances('ia3').map(([, distance = -1]) => distance) as [number, number, number, number];
  expect(own).toBe(0);
  expect(quarter).toBeGreaterThan(half);
  expect(half).toBeGreaterThan(0);
  expect(twice).toBeGreaterThan(0);
  const meft = distances('meft1-lambda');
  expect(meft[0]?.[1]).toBeLessThan(meft.at(-1)?.[1] ?? 0);
  for (const { points } of report.series)
    for (const point of points)
      expect(point.score).toMatchObject({ metric: 'accuracy', value: expect.any(Number), loss: expect.any(Number) });
  const told = events.filter((event): event is StudyEvent => event.type === 'study');
  expect(told.map(({ point }) => point)).toEqual(report.series.flatMap(({ points }) => points));
  expect(told.at(-1)).toMatchObject({ done: 12, of: 12 });
});

test('without steps it measures the distance alone; stopped, it answers with the points so far; meanwhile nothing else may run', async () => {
  let refused: unknown;
  const session: Session = new Session(testHost(), (event) => {
    if (event.type === 'study' && event.done === 1) {
      session.calls.study(request).catch((error: unknown) => {
        refused = error;
      });
    }
    if (event.type === 'study' && event.done === 2) void session.calls.stop({ keep: 'nothing' });
  });
  const report = await session.calls.study({ ...request, series: ['ia3'], training: { ...training, max_steps: 0 } });
  expect(refused).toMatchObject({ code: 'busy' });
  expect(report.complete).toBe(false);
  expect(report.series[0]?.points.map(({ score, distance }) => [score, distance !== undefined])).toEqual([
    [undefined, true],
    [undefined, true],
  ]);
});

test("on a task of words the model itself is the reference, of which nothing trains; the score is the task's own", async () => {
  const session = new Session(testHost(), () => undefined);
  const words: StudyRequest = { ...request, model: randomWriter(), task: 'language_modelling' };
  const { pooling: _pooling, ...asked } = { ...words, training: { ...training, max_steps: 1 } };
  const report = await session.calls.study({ ...asked, series: ['lora'] });
  expect(report).toMatchObject({ metric: 'perplexity', complete: true });
  const points = report.series[0]?.points ?? [];
  expect(points.map(({ distance }) => distance?.relative)).toEqual([0, expect.any(Number), expect.any(Number), expect.any(Number)]);
  expect(points.at(-1)?.distance?.relative).toBeGreaterThan(1e-3);
  for (const { score } of points)
    expect(score).toMatchObject({ metric: 'perplexity', loss: expect.closeTo(Math.log(score?.value ?? 0), 4) });
});

test('a distance is relative to the pretrained logits, and a sample is spread over the whole set', () => {
  expect(distanceOf(Float32Array.of(3, 4, 1), Float32Array.of(3, 4, 0))).toEqual({ relative: 0.2, largest: 1 });
  expect(spread([0, 1, 2, 3, 4, 5, 6, 7], 4)).toEqual([0, 2, 4, 6]);
  expect(spread([0, 1, 2], 0)).toEqual([0, 1, 2]);
});

test('the MEFT methods share a panel for each number; LoRA and (IA)³, whose c differ in kind, do not', () => {
  const named = new Map(studySeries.map(({ name, panel }) => [name, panel]));
  expect(named.get('lora')).not.toBe(named.get('ia3'));
  expect([named.get('meft2-lambda'), named.get('meft3')]).toEqual([named.get('meft1-lambda'), named.get('meft1-lambda')]);
  expect(named.get('meft2-beta')).toBe(named.get('meft1-beta'));
  expect(new Set(named.values()).size).toBe(5);
});
