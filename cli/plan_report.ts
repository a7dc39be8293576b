// A plan as `plan --json` prints it, and as people read it.

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

/** What another granularity of the same plan takes, for programs. */
export const granularityObject = (report: PlanReport) => ({
  granularity: report.granularity,
  dispatches: report.dispatches,
  activation_and_workspace: transientBytes(report),
});

function granularityText(report: PlanReport, first: boolean, planned: boolean): string {
  const price = `${countText(report.dispatches)} dispatches a step, ${bytesText(transientBytes(report))} activation + workspace`;
  return `${(first ? 'granularity' : '').padEnd(21)} ${report.granularity.padEnd(9)} ${price}${planned ? ' (this plan)' : ''}`;
}

/** `granularities`: the same plan in each of them. */
export function planText(report: PlanReport, granularities: readonly PlanReport[]): string {
  const { model, method, policy, streams, length, bytes, peak, timeline } = report;
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
    ...granularities.map((other, i) => granularityText(other, i === 0, other.granularity === report.granularity)),
    `live through a step   ${sparkline(timeline.map(({ live }) => live))}`,
  ].join('\n');
}
