// What the page says of a budget and of granularities, from a plan's report.

import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import type { BudgetPlan } from '../../src/protocol/budget.ts';
import type { PlanReport } from '../../src/protocol/messages.ts';
import { BudgetNote } from './BudgetNote.tsx';

const mebibyte = 2 ** 20;
const planOf = (change: Partial<BudgetPlan>): BudgetPlan => ({
  ...{ ranges: [{ from: 0, to: 12, policy: 'reversible' }], granularity: 'fast', micro_batch_size: 16 },
  ...{ total: 500 * mebibyte, activation_and_workspace: 80 * mebibyte, dispatches: 683, ms: 233, ...change },
});

const report = (change: Partial<PlanReport>): PlanReport => ({
  ...{ model: 'm', method: 'meft1', policy: 'reversible', granularity: 'fast', streams: 'fixed', batch: 16, micro_batch: 16, length: 128 },
  bytes: { weights: 1, adapter: 1, gradient: 1, optimizer: 1, activation: 1, workspace: 1, staging: 1, total: 7 },
  ...{
    trainable_parameters: 1,
    peak: { bytes: 7, at: '' },
    largest_binding: { bytes: 1, name: '' },
    dispatches: 683,
    flops: 1,
    timeline: [],
  },
  ...change,
});

const textOf = (change: Partial<PlanReport>): string =>
  renderToStaticMarkup(<BudgetNote plan={report(change)} />)
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('&#x27;', "'");

test('what was chosen stands beside what half and twice as much would give', () => {
  const mixed = [
    { from: 0, to: 8, policy: 'reversible' as const },
    { from: 8, to: 12, policy: 'store' as const },
  ];
  const text = textOf({
    predicted: { ms: 233, rates: 'device' },
    budget: {
      ...{ budget: 512 * mebibyte, chosen: planOf({ micro_batch_size: 4 }), plans: 71 },
      ...{
        twice: planOf({ ranges: mixed, ms: 211 }),
        fastest: planOf({ ranges: [{ from: 0, to: 12, policy: 'store' }], total: 1281 * mebibyte, ms: 167 }),
      },
    },
  });
  expect(text).toContain('reversible, fast, micro-batches of 4');
  expect(text).toContain('the fastest that fits of 71 plans');
  expect(text).toContain('The fastest of all is store, fast');
  expect(text).toContain('nothing fits');
  expect(text).toContain('layers 0-8 reversible, 8-12 store, fast');
  expect(text).toContain('233 ms, by rates that were measured on this device');
});

test('each granularity has its dispatches and bytes, and without a known device no time', () => {
  const granularities = [
    { granularity: 'frugal' as const, dispatches: 6629, activation_and_workspace: 46 * mebibyte },
    { granularity: 'fast' as const, dispatches: 683, activation_and_workspace: 132 * mebibyte },
  ];
  const text = textOf({ granularities });
  for (const part of ['frugal', '6,629', 'fast (this plan)', '683']) expect(text).toContain(part);
  expect(text).not.toContain('Predicted');
  expect(textOf({})).toBe('');
});
