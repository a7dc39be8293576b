// A profile of a step as people read it in a terminal.

import type { Profile, ProfileRow } from '../src/protocol/profile.ts';
import { countText } from '../src/protocol/sentences.ts';
import { flopsText, percentText, tableText } from './format.ts';

/** Kernels that are listed by themselves. */
const mostKernels = 12;

/** In the order in which a step passes them. */
const phaseOrder = ['begin', 'forward', 'backward', 'update'];

const msText = (ms: number): string => ms.toFixed(ms < 10 ? 3 : 1);
/** A rate of 10^9 a second, and what of the best it is. */
const rateCells = (rate: number, best: number): [string, string] =>
  rate > 0 ? [flopsText(rate * 1e9), percentText(rate / best)] : ['', ''];

/** `first` names the column of names; milliseconds by phase stand behind the sum of them. */
export function profileRows(first: string, rows: readonly ProfileRow[], { best }: Pick<Profile, 'best'>): string[][] {
  const named = new Set(rows.flatMap(({ phases }) => Object.keys(phases)));
  const phases = [...phaseOrder.filter((phase) => named.has(phase)), ...[...named].filter((phase) => !phaseOrder.includes(phase))];
  return [
    [first, 'dispatches', 'ms', 'share', ...phases, 'FLOP/s', 'of best', 'B/s', 'of best'],
    ...rows.map((row) => [
      ...[row.name, countText(row.dispatches), msText(row.ms), percentText(row.share)],
      ...phases.map((phase) => (row.phases[phase] === undefined ? '' : msText(row.phases[phase]))),
      ...rateCells(row.gflops, best.gflops),
      ...rateCells(row.gb_per_s, best.gb_per_s),
    ]),
  ];
}

export function profileText(profile: Profile): string {
  const { step, length, dispatches, ms, timer, resolution_ms, best, families, kernels } = profile;
  const how =
    timer === 'clock'
      ? 'by the clock around each: the device offers no timestamps, so each takes the way there and back too'
      : `by timestamps of the device, in steps of ${resolution_ms * 1000} µs`;
  const others = kernels.length - mostKernels;
  return [
    `step ${step}, padded to ${length} tokens: ${countText(dispatches)} dispatches, ${msText(ms)} ms, each timed alone, ${how}`,
    `best of this device: ${flopsText(best.gflops * 1e9)}FLOP/s in a matrix product, ${flopsText(best.gb_per_s * 1e9)}B/s in a copy`,
    '',
    tableText(profileRows('family', families, profile)),
    '',
    tableText(profileRows('kernel', kernels.slice(0, mostKernels), profile)),
    ...(others > 0 ? [`and ${countText(others)} more kernels, which --json lists`] : []),
  ].join('\n');
}
