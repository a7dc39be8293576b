import { expect, test } from 'vitest';
import type { PlanReport } from '../../src/protocol/messages.ts';
import { flopsText } from '../format.ts';
import { csvOf, type Row, sortRows, tableOf } from './columns.ts';

function report(method: PlanReport['method'], total: number, host?: PlanReport['host']): PlanReport {
  const bytes = { weights: total, adapter: 0, gradient: 0, optimizer: 0, activation: 2 * total, workspace: 0, staging: 0 };
  return {
    ...{
      model: 'one',
      method,
      policy: 'store',
      granularity: 'frugal',
      streams: 'single',
      batch: 1,
      micro_batch: 1,
      length: 8,
      trainable_parameters: 1000 * total,
    },
    ...{ bytes: { ...bytes, total }, peak: { bytes: total, at: '' }, largest_binding: { bytes: 0, name: '' }, dispatches: 1 },
    ...{ flops: total * 1e9, timeline: [] },
    ...(host ? { host } : {}),
  };
}
const full = report('full', 4);
const rows: Row[] = [
  { depth: undefined, report: report('lora', 2), full },
  { depth: undefined, report: report('bitfit', 1, { bytes: 2048, to_gpu: 512, from_gpu: 256 }), full },
  { depth: undefined, report: full, full },
];
const order = (by: string | undefined) => sortRows(rows, by).map(({ report: { method } }) => method);

test('rows are sorted by any column, either way, those without a value last', () => {
  expect(order(undefined)).toEqual(['lora', 'bitfit', 'full']);
  expect(order('total')).toEqual(['bitfit', 'lora', 'full']);
  expect(order('-flops')).toEqual(['full', 'lora', 'bitfit']);
  expect(order('method')).toEqual(['bitfit', 'full', 'lora']);
  expect(order('-host')[0]).toBe('bitfit');
  expect(() => order('size')).toThrow(/--sort names the column 'size'; known are .*total_of_full/);
});

test('the table says what is there in words, the CSV in numbers, and columns that no row has are left out', () => {
  const [header, lora, bitfit] = tableOf(rows);
  expect(header).not.toContain('layers');
  expect(lora?.[header?.indexOf('host') ?? 0]).toBe('');
  expect(bitfit?.[header?.indexOf('host') ?? 0]).toBe('2.0 KiB');
  expect(lora).toEqual(expect.arrayContaining(['lora', '2,000', '2.00 G', '50.0 %']));
  const lines = csvOf(rows).split('\n');
  expect(lines[0]).toMatch(
    /^method,policy,granularity,streams,trainable_parameters,dispatches,flops,flops_of_full,weights,.*,host,to_gpu,from_gpu$/,
  );
  expect(lines[1]).toMatch(/^lora,store,frugal,single,2000,1,2000000000,0\.5,2,.*,,,$/);
  expect(new Set(lines.map((line) => line.split(',').length)).size).toBe(1);
});

test('floating-point operations are said in three digits', () => {
  expect([0, 950, 1.25e9, 3.456e13].map(flopsText)).toEqual(['0', '950', '1.25 G', '34.6 T']);
});
