import { expect, test } from 'vitest';
import type { Catalogue } from '../../src/protocol/cards.ts';
import type { PlanReport } from '../../src/protocol/messages.ts';
import { methodCards } from '../../src/session/models/method_cards.ts';
import { type Cell, cellsOf, keyOf } from '../state/cells.ts';
import type { Pace } from '../state/pace.ts';
import { firstRun } from '../state/settings.ts';
import { csvOf, rowsOf, sorted } from './rows.ts';

const catalogue: Catalogue = { methods: methodCards(), models: [], data: [], tasks: [] };
const cells = cellsOf(firstRun, catalogue, undefined);

function planOf({ request }: Cell, change: Partial<PlanReport> = {}): PlanReport {
  const { method, policy, batch_size: batch, length } = request;
  return {
    model: 'a "quoted", model',
    method,
    policy,
    granularity: 'frugal',
    streams: 'single',
    batch,
    micro_batch: batch,
    length,
    trainable_parameters: 10,
    bytes: { weights: 5, adapter: 1, gradient: 1, optimizer: 2, activation: 3, workspace: 4, staging: 1, total: 17 },
    peak: { bytes: 1, at: '' },
    largest_binding: { bytes: 1, name: '' },
    dispatches: 1,
    flops: 1000,
    timeline: [],
    ...change,
  };
}

const rows = (of: readonly Cell[], pace?: Pace, measured = new Map<string, number>()) =>
  rowsOf(of, Object.fromEntries(of.map((cell, i) => [keyOf(cell), { plan: planOf(cell, { flops: 1000 * (i + 1) }) }])), pace, measured);

test('rows without a value stand last, whichever way a column is sorted', () => {
  const three = cells.slice(0, 3);
  const [first, , third] = three.map(keyOf);
  const measured = new Map([
    [first ?? '', 5],
    [third ?? '', 2],
  ]);
  const order = (descending: boolean) =>
    sorted(rows(three, undefined, measured), { key: 'measured_ms', descending }).map(({ measured_ms }) => measured_ms);
  expect(order(false)).toEqual([2, 5, undefined]);
  expect(order(true)).toEqual([5, 2, undefined]);
});

test('the CSV has a field for every heading, and quotes what needs it', () => {
  const [head = '', line = ''] = csvOf(rows(cells.slice(0, 1))).split('\r\n');
  expect(head.split(',')).toContain('optimizer_bytes');
  expect(line.startsWith('"a ""quoted"", model",')).toBe(true);
  expect(line.replace(/"([^"]|"")*"/, '').split(',')).toHaveLength(head.split(',').length);
});
