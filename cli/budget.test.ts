// A budget of bytes on the command line: how sizes are read, what plan says of a choice, and a run that takes the bytes of what was chosen and goes on with it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BudgetReport } from '../src/protocol/budget.ts';
import { bytesIn } from './byte_sizes.ts';
import { readFlags } from './flags.ts';
import { linesOf, retrace, scratchFolder, tinyModel, topicsFile } from './testing.ts';

test('sizes are read as their units are defined', () => {
  expect(['512MB', '512 MiB', '1.5GiB', '1gb', '800000000', '2kB', '7B'].map(bytesIn)).toEqual([
    512e6,
    512 * 2 ** 20,
    1.5 * 2 ** 30,
    1e9,
    800_000_000,
    2000,
    7,
  ]);
  expect(['', 'big', '12 parsecs', '-5MB', '1e9', 'MB'].map(bytesIn)).toEqual(Array(6).fill(undefined));
});

test('plan, train and compare take a budget; what is no size is refused with what is', () => {
  for (const command of ['plan', 'train', 'compare'] as const)
    expect(readFlags(command, ['--memory-budget', '512MB']).given).toEqual({ 'memory-budget': 512e6 });
  for (const size of ['big', '0', '0MB', '-1GB'])
    expect(() => readFlags('plan', ['--memory-budget', size]), size).toThrow(`--memory-budget is '${size}', which is not a size.`);
});

describe('the tiny model', () => {
  const folder = scratchFolder();
  const model = tinyModel(folder);
  const shape = ['--model', model, '--batch-size', '8', '--max-length', '32'];
  const plan = async (...args: string[]) => {
    const [object] = linesOf(await retrace(['plan', ...shape, '--json', ...args]));
    return object as unknown as {
      bytes: { total: number };
      budget: BudgetReport;
      predicted: { ms: number; rates: string };
      granularities: object[];
    };
  };

  test('plan says what was chosen and why, and what half and twice as much would give; the device is measured once', async () => {
    const [least, most] = [await plan('--micro-batch-size', '1', '--memory-policy', 'reversible'), await plan('--memory-policy', 'store')];
    const budget = Math.round((least.bytes.total + most.bytes.total) / 2);
    const { bytes, budget: report, predicted, granularities } = await plan('--memory-budget', String(budget));
    expect(report.chosen.total).toBe(bytes.total);
    expect(bytes.total).toBeLessThanOrEqual(budget);
    expect(report.twice?.ms).toBeLessThanOrEqual(report.chosen.ms);
    expect(predicted).toEqual({ ms: report.chosen.ms, rates: 'device' });
    expect(granularities).toHaveLength(3);
    const { stdout } = await retrace(['plan', ...shape, '--memory-budget', String(budget)]);
    expect(stdout).toContain(`of ${report.plans} plans the fastest`);
    for (const name of ['half:', 'twice:', 'predicted time']) expect(stdout).toContain(name);
    // A plan without a budget is predicted too, now that the device is known.
    expect((await plan()).predicted.rates).toBe('device');
  }, 300_000);

  test('what flags say binds the budget', async () => {
    const { budget } = await plan(
      '--memory-budget',
      '1GB',
      '--memory-policy',
      'reversible',
      '--micro-batch-size',
      '2',
      '--granularity',
      'frugal',
    );
    expect(budget.chosen).toMatchObject({ ranges: [{ policy: 'reversible' }], micro_batch_size: 2, granularity: 'frugal' });
  });

  test('a budget in which nothing fits is an error with the smallest plan and what to do', async () => {
    const { code, stderr } = await retrace(['plan', ...shape, '--memory-budget', '1kB']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/No plan of MEFT1 fits in 1000 bytes: the smallest of \d+ takes (\d+), \d+ too many/);
    expect(stderr).toMatch(/Allow at least \d+ bytes/);
  });

  test('compare has a plan for each method within the budget, and says which have none', async () => {
    const args = ['compare', ...shape, '--methods', 'full,lora', '--memory-budget', '1GB', '--json'];
    const rows = linesOf(await retrace(args)).filter(({ type }) => type === 'plan');
    expect(rows.map(({ method }) => method).sort()).toEqual(['full', 'lora']);
    for (const row of rows) expect((row['budget'] as BudgetReport).chosen.total).toBe((row['bytes'] as { total: number }).total);
    const none = await retrace(['compare', ...shape, '--methods', 'lora', '--memory-budget', '1kB']);
    expect(none.stderr).toContain('fits in 1000 bytes');
  });

  test('a run takes the bytes that were chosen, says how its steps compare with their prediction, and goes on with the same plan', async () => {
    const out = join(folder, 'run');
    const { bytes } = await plan('--memory-policy', 'store');
    const budget = Math.round(0.9 * bytes.total);
    const data = ['--data', topicsFile(folder), '--out', out, '--max-steps', '9', '--eval-steps', '0', '--memory-budget', String(budget)];
    const events = linesOf(await retrace(['train', ...shape, ...data, '--pause-after', '8', '--json']));
    const of = (type: string) => events.find((event) => event.type === type) as Record<string, unknown>;
    const report = of('plan')['budget'] as BudgetReport;
    expect(of('memory')['total']).toBe(report.chosen.total);
    expect(report.chosen.total).toBeLessThanOrEqual(budget);
    expect(of('step')['predicted_ms']).toBeGreaterThan(0);
    expect(of('pace')).toMatchObject({ measured_ms: expect.any(Number), predicted_ms: expect.any(Number), error: expect.any(Number) });
    const { settings } = JSON.parse(readFileSync(join(out, 'checkpoint', 'run.json'), 'utf8')) as { settings: object };
    expect(settings).toMatchObject({ memory_budget: budget, micro_batch_size: report.chosen.micro_batch_size });
    expect(settings).not.toHaveProperty('budget_chooses');
    const resumed = linesOf(await retrace(['train', '--resume', '--out', out, '--json']));
    expect(resumed.find(({ type }) => type === 'memory')?.['total']).toBe(report.chosen.total);
    expect(readFileSync(join(out, 'README.md'), 'utf8')).toContain(`${budget} bytes`);
  }, 300_000);
});
