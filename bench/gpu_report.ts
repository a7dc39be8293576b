// The report of a measured device as Markdown. Draws what is there: a report that was cut off has fewer tables.

import { bytesText, flopsText, markdownTable, percentText } from '../cli/format.ts';
import type { BenchReport, FailedStep, ProductRow, StepCase, StepRow } from '../src/protocol/bench.ts';
import { countText } from '../src/protocol/sentences.ts';

/** Limits that decide what fits and how kernels are shaped. */
const shownLimits = ['maxBufferSize', 'maxStorageBufferBindingSize', 'maxComputeWorkgroupStorageSize', 'maxComputeInvocationsPerWorkgroup'];

const wasMeasured = (row: StepRow | FailedStep): row is StepRow => !('error' in row);
const ms = (value: number): string => value.toFixed(value < 10 ? 3 : 1);
const caseCells = ({ model, batch, length, method, policy, granularity }: StepCase): string[] => [
  ...[model, `${batch} × ${length}`, method, policy, granularity],
];
const caseHead = ['model', 'batch', 'method', 'policy', 'granularity'];
const gigaflops = (rate: number): string => `${flopsText(rate * 1e9)}FLOP/s`;

/** The best product that was seen anywhere in the run. */
const bestOf = ({ best, products }: BenchReport): number => Math.max(best?.gflops ?? 0, ...products.map(({ gflops }) => gflops));

function section(title: string, ...lines: readonly (string | undefined)[]): string[] {
  const there = lines.filter((line) => line !== undefined);
  return there.length === 0 ? [] : ['', `## ${title}`, '', ...there];
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string | undefined =>
  rows.length === 0 ? undefined : markdownTable([head, ...rows]);

function deviceLines({ retrace, sizes, began, device, best, overheads }: BenchReport): string[] {
  const { name, software, info, adapter, features } = device;
  const facts = Object.entries(info).filter(([, value]) => value !== '');
  return [
    `# Retrace ${retrace} on ${name}`,
    '',
    `${software ? 'A software adapter: times say nothing of a GPU. ' : ''}Measured ${began} with ${sizes} sizes.`,
    '',
    markdownTable([
      ['what', 'value'],
      ...facts.map(([key, value]) => [key, value]),
      ['features that are used', features.join(', ') || 'none'],
      ['features of the adapter', adapter.features.join(', ')],
      ...shownLimits.map((limit) => [limit, countText(adapter.limits[limit] ?? 0)]),
      ...(best
        ? [
            ['best matrix product', gigaflops(best.gflops)],
            ['best copy', `${flopsText(best.gb_per_s * 1e9)}B/s`],
          ]
        : []),
      ...(overheads
        ? [
            ['way to the device and back', `${ms(overheads.round_trip_ms)} ms`],
            ['an empty dispatch', `${overheads.dispatch_us.toFixed(2)} µs`],
          ]
        : []),
    ]),
  ];
}

function productRows(report: BenchReport): string[][] {
  const best = bestOf(report);
  const shapes = new Map<string, Map<string, ProductRow>>();
  for (const row of report.products) {
    const key = [row.model, row.M, row.K, row.N].join();
    const own = shapes.get(key) ?? new Map<string, ProductRow>();
    const known = own.get(row.kernel);
    shapes.set(key, known && known.gflops > row.gflops ? own : own.set(row.kernel, row));
  }
  const kernels = [...new Set(report.products.map(({ kernel }) => kernel))];
  return [...shapes].map(([key, rates]) => [
    ...key.split(','),
    ...kernels.flatMap((kernel) => {
      const rate = rates.get(kernel);
      return rate === undefined ? ['', ''] : [`${rate.gflops.toFixed(0)} (${rate.form})`, percentText(rate.gflops / best)];
    }),
  ]);
}

function stepRows(report: BenchReport): string[][] {
  const best = bestOf(report);
  return report.steps.map((row) => {
    if (!wasMeasured(row)) return [...caseCells(row), `not measured: ${row.error}`, ...Array<string>(8).fill('')];
    const rate = row.flops / row.ms / 1e6;
    return [
      ...caseCells(row),
      ...[ms(row.ms), ms(row.pipelined_ms), (row.first_step_ms / 1000).toFixed(2), countText(row.dispatches)],
      ...[bytesText(row.bytes), bytesText(row.activation_and_workspace), rate.toFixed(0), percentText(rate / best), ms(row.profiled_ms)],
    ];
  });
}

function familyRows(steps: readonly StepRow[]): readonly (readonly string[])[] {
  const total = (family: string) => steps.reduce((sum, { families }) => sum + (families[family] ?? 0), 0);
  const names = [...new Set(steps.flatMap(({ families }) => Object.keys(families)))].sort((a, b) => total(b) - total(a));
  return [
    [...caseHead, ...names],
    ...steps.map((row) => [
      ...caseCells(row),
      ...names.map((name) => (row.families[name] === undefined ? '' : percentText(row.families[name] / row.profiled_ms))),
    ]),
  ];
}

export function benchMarkdown(report: BenchReport): string {
  const steps = report.steps.filter(wasMeasured);
  const stages = report.stages.map(({ name, ended, seconds, error }) => [name, error ? `${ended}: ${error}` : ended, seconds.toFixed(1)]);
  const kernels = [...new Set(report.products.map(({ kernel }) => kernel))];
  const learned = report.learning.map(({ method, policy, losses, accuracy, classes }) => [
    ...[method, policy, String(losses.length), (losses[0] as number).toFixed(3), (losses.at(-1) as number).toFixed(3)],
    ...[percentText(accuracy), percentText(1 / classes)],
  ]);
  return [
    ...deviceLines(report),
    ...section(
      'Matrix products of layers, GFLOP/s in the fastest form',
      table(['model', 'M', 'K', 'N', ...kernels.flatMap((kernel) => [kernel, 'of best'])], productRows(report)),
    ),
    ...section(
      'Forms of kernels that were chosen by timing',
      table(
        ['kernel and shape', 'form'],
        Object.entries(report.forms).map(([key, names]) => [key, names[0] ?? 'first']),
      ),
    ),
    ...section(
      'Training steps',
      table(
        [
          ...caseHead,
          'ms',
          'ms, two under way',
          'first step, s',
          'dispatches',
          'bytes',
          'activation + workspace',
          'GFLOP/s',
          'of best',
          'sum of dispatches, ms',
        ],
        stepRows(report),
      ),
    ),
    ...section('Where the time of dispatches goes', steps.length > 0 ? markdownTable(familyRows(steps)) : undefined),
    ...section(
      'Bits of store',
      table(
        ['policy', 'granularity', 'words', 'that differ'],
        report.exact.map((row) => [row.policy, row.granularity, countText(row.words), countText(row.differing_words)]),
      ),
    ),
    ...section('Learning', table(['method', 'policy', 'steps', 'first loss', 'last loss', 'accuracy', 'by chance'], learned)),
    ...section('Stages', table(['stage', 'ended', 'seconds'], stages)),
  ].join('\n');
}
