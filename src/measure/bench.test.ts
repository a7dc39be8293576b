// A measured device: every stage in small on the tests' device, and what is left of a measurement that is cut off or stopped.

import { expect, test } from 'vitest';
import { testDevice } from '../../test/testing.ts';
import { kernelFamilies } from '../kernels/families.ts';
import type { BenchReport } from '../protocol/bench.ts';
import { describeDevice, measureDevice } from './bench.ts';
import { madeUpTexts } from './random_engine.ts';
import { measured, sizesNamed } from './sizes.ts';
import { stagesOf } from './stages.ts';

const device = await testDevice();
/** The device's own words, for the adapter has been taken. */
const adapter = {
  info: device.device.adapterInfo,
  features: device.device.features,
  limits: device.device.limits,
} as unknown as GPUAdapter;
const request = { retrace: '1.2.3', sizes: 'tiny', adapter, budget_s: 600 } as const;

test('all stages: rates, steps of every case, the bits of store, and losses that fall', async () => {
  const told: BenchReport[] = [];
  const report = await measureDevice(device, { ...request, onReport: (event) => told.push(event.report) });
  expect(report.stages.map(({ name, ended, error }) => [name, ended, error])).toEqual(
    stagesOf(sizesNamed.tiny()).map(({ name }) => [name, 'done', undefined]),
  );
  expect(report.device).toEqual(describeDevice(device, adapter));
  expect(report.device.limits['maxBufferSize']).toBeGreaterThan(0);
  expect(report.best?.gflops).toBeGreaterThan(0);
  // Three shapes of three products, two of which have another form on this device.
  expect(report.products).toHaveLength(3 * (3 + (device.device.features.has('subgroups') ? 2 : 0)));
  // A processor has the forms that suit it.
  expect(report.forms).toEqual({});
  for (const { gflops } of report.products) expect(gflops).toBeGreaterThan(0);

  expect(report.steps).toHaveLength(measured.length);
  for (const row of report.steps) {
    if ('error' in row) expect.unreachable(row.error);
    expect(row.dispatches).toBeGreaterThan(50);
    expect(row.first_step_ms).toBeGreaterThan(row.planning_ms);
    expect(Object.keys(row.families).every((name) => (kernelFamilies as readonly string[]).includes(name))).toBe(true);
    expect(Object.values(row.families).reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(row.profiled_ms, 6);
  }
  expect(report.exact).toHaveLength(4);
  for (const { words, differing_words } of report.exact) expect([words > 1000, differing_words]).toEqual([true, 0]);
  for (const { losses, accuracy, classes, method } of report.learning) {
    const mean = (some: readonly number[]) => some.reduce((sum, loss) => sum + loss, 0) / some.length;
    expect(losses, method).toHaveLength(50);
    expect(mean(losses.slice(-5)), method).toBeLessThan(0.8 * mean(losses.slice(0, 5)));
    expect(accuracy, method).toBeGreaterThan(2 / classes);
  }
  // It is told of while it grows, and what was told does not change any more.
  const counts = told.map(({ steps }) => steps.length);
  expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  expect(new Set(counts).size).toBe(measured.length + 1);
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
}, 600_000);

test('a measurement that is stopped, or has no time left, keeps what it had and says what is missing', async () => {
  const stopping = new AbortController();
  const stopped = await measureDevice(device, {
    ...request,
    signal: stopping.signal,
    onReport: ({ report }) => report.products.length === 2 && stopping.abort(),
  });
  expect(stopped.products).toHaveLength(2);
  expect(stopped.stages.map(({ ended }) => ended)).toEqual(['done', 'stopped', 'stopped', 'stopped', 'stopped']);
  const late = await measureDevice(device, { ...request, budget_s: 0, onReport: () => undefined });
  expect(late.stages.map(({ ended }) => ended)).toEqual(Array(5).fill('left out'));
  expect(late).toMatchObject({ retrace: '1.2.3', sizes: 'tiny', products: [], steps: [] });
});

test('a stage ends at its limit', async () => {
  const begin = performance.now();
  const report = await measureDevice(device, { ...request, budget_s: 0.5, onReport: () => undefined });
  const { length } = report.stages.filter(({ ended }) => ended === 'done');
  expect(report.stages[length]?.ended).toMatch(/limit|left out/);
  expect((performance.now() - begin) / 1000).toBeLessThan(60);
});

test('made-up texts are the same for a seed, and half of their words tell their class', () => {
  const asked = { batch: 8, length: 32, vocab_size: 256, num_labels: 8 };
  const texts = madeUpTexts({ ...asked, seed: 3 });
  expect(madeUpTexts({ ...asked, seed: 3 })).toEqual(texts);
  expect(madeUpTexts({ ...asked, seed: 4 })).not.toEqual(texts);
  const ids = texts.inputs['input_ids'] as Uint32Array;
  const labels = texts.inputs['labels'] as Int32Array;
  const own = ids.filter((id, n) => Math.floor((id - 192) / 8) === labels[Math.floor(n / 32)]);
  const others = ids.filter((id, n) => id >= 192 && Math.floor((id - 192) / 8) !== labels[Math.floor(n / 32)]);
  expect(own.length / ids.length).toBeGreaterThan(0.4);
  expect(own.length / ids.length).toBeLessThan(0.6);
  expect(others).toHaveLength(0);
});
