// A plan as `plan --json` prints it, and as people read it.

import { type BudgetPlan, choiceText, type GranularityPrice, type RatesOf, timeText } from '../src/protocol/budget.ts';
import { categories } from '../src/protocol/config.ts';
import type { PlanReport } from '../src/protocol/messages.ts';
import { batchText, countText } from '../src/protocol/sentences.ts';
import { bytesText, flopsText, sparkline, tableText } from './format.ts';

/** The object of `plan --json` and of the `plan` event. A moment's transient bytes are split in two; the other categories stay through a step. */
export function planObject(report: PlanReport) {
  const { largest_binding, timeline, ...rest } = report;
  const { activation: _a, workspace: _w, total: _t, ...peak } = report.bytes;
  const constant = { ...peak, adapter: peak.adapter - (report.host?.rows ?? 0) };
  return {
    ...rest,
    largest_binding: largest_binding.bytes,
    largest_binding_name: largest_binding.name,
    timeline: timeline.map(
      ({ name, live, activation, rows = 0 }) =>
        [name, { activation, workspace: live - activation - rows, ...constant, adapter: constant.adapter + rows }] as const,
    ),
  };
}

/** Bytes of what differs between methods and policies: what a step keeps and works in. */
export const transientBytes = ({ bytes }: PlanReport): number => bytes.activation + bytes.workspace;

/** What an evaluation takes beside a plan while it writes. */
export const writingText = (writing: NonNullable<PlanReport['writing']>): string =>
  'refusal' in writing
    ? `none in an evaluation. ${writing.refusal}`
    : `${countText(writing.texts)} at a time in an evaluation, which take ${bytesText(writing.bytes)} more`;

const ratesText = (of: RatesOf): string =>
  of === 'device' ? 'by the rates of this device' : 'by the rates of a typical processor: no device was measured, and yours has others';

/** What a budget has chosen, why, and what half and twice as much would give. */
function budgetLines({ budget: report, batch }: PlanReport): string[] {
  if (report === undefined) return [];
  const { budget, chosen, half, twice, fastest, plans } = report;
  const text = (plan: BudgetPlan) => `${choiceText(plan, batch)}: ${bytesText(plan.total)}, ${timeText(plan.ms)} a step`;
  const why =
    fastest.total <= budget
      ? `of ${plans} plans the fastest, and it fits`
      : `of ${plans} plans the fastest that fits; the fastest of all is ${text(fastest)}`;
  const rows = [
    [`budget ${bytesText(budget)}`, text(chosen)],
    ['', why],
    [`half: ${bytesText(budget / 2)}`, half ? text(half) : 'nothing fits'],
    [`twice: ${bytesText(2 * budget)}`, twice ? text(twice) : 'nothing fits'],
  ];
  return rows.map(([name = '', value]) => `${name.padEnd(21)} ${value}`);
}

function granularityText(
  { granularity, dispatches, activation_and_workspace, predicted_ms }: GranularityPrice,
  first: boolean,
  planned: boolean,
): string {
  const time = predicted_ms === undefined ? '' : `, ${timeText(predicted_ms)} predicted`;
  const price = `${countText(dispatches)} dispatches a step, ${bytesText(activation_and_workspace)} activation + workspace${time}`;
  return `${(first ? 'granularity' : '').padEnd(21)} ${granularity.padEnd(9)} ${price}${planned ? ' (this plan)' : ''}`;
}

export function planText(report: PlanReport): string {
  const { model, method, policy, streams, length, bytes, peak, timeline, granularities = [] } = report;
  const rows = categories.map((name) => [name, bytesText(bytes[name]), countText(bytes[name])]);
  return [
    `${model}, ${method}, ${policy}${streams === 'single' ? '' : ` over ${streams} streams`}, batch ${batchText(report)} × ${length} tokens`,
    '',
    tableText([['category', 'at the peak', 'bytes'], ...rows, ['total', bytesText(bytes.total), countText(bytes.total)]]),
    '',
    `peak                  ${bytesText(peak.bytes)} at ${peak.at}`,
    `trainable parameters  ${countText(report.trainable_parameters)}`,
    `largest binding       ${bytesText(report.largest_binding.bytes)} (${report.largest_binding.name})`,
    `FLOPs a step          ${flopsText(report.flops)}`,
    ...(report.host
      ? [
          `host                  ${bytesText(report.host.bytes)}; a step moves at most ${bytesText(report.host.to_gpu)} to the GPU and ${bytesText(report.host.from_gpu)} back`,
        ]
      : []),
    ...(report.writing ? [`texts written         ${writingText(report.writing)}`] : []),
    ...(report.predicted ? [`predicted time        ${timeText(report.predicted.ms)} a step, ${ratesText(report.predicted.rates)}`] : []),
    ...budgetLines(report),
    ...granularities.map((other, i) => granularityText(other, i === 0, other.granularity === report.granularity)),
    `live through a step   ${sparkline(timeline.map(({ live }) => live))}`,
  ].join('\n');
}
