// Sums up a step whose dispatches were timed one by one: by kernel family, by kernel and by phase, with what each reached in FLOP/s and bytes/s.
// Not here: the timing (src/gpu/profiler.ts). Invariant: every dispatch is in exactly one family, one kernel and one phase, so each sums to the whole.

import type { TimedCall } from '../gpu/executor.ts';
import { familyOf } from '../kernels/families.ts';
import { bytesBound, multiplyAdds } from '../plan/work.ts';
import type { DeviceBest, Profile, ProfileRow } from '../protocol/profile.ts';

const sum = <T>(items: readonly T[], of: (item: T) => number): number => items.reduce((total, item) => total + of(item), 0);

/** What `calls` took together, of `whole` milliseconds. */
function rowOf(name: string, calls: readonly TimedCall[], whole: number): ProfileRow {
  const ms = sum(calls, (call) => call.ms);
  const phases: Record<string, number> = {};
  for (const { place, ms: own } of calls) phases[place.phase] = (phases[place.phase] ?? 0) + own;
  const rate = (count: number): number => (ms > 0 ? count / ms / 1e6 : 0);
  return {
    ...{ name, dispatches: calls.length, ms, share: whole > 0 ? ms / whole : 0, phases },
    gflops: rate(sum(calls, ({ call }) => 2 * multiplyAdds(call))),
    gb_per_s: rate(sum(calls, ({ call }) => bytesBound(call))),
  };
}

/** A row for each key, longest first. */
function rowsBy(calls: readonly TimedCall[], whole: number, keyOf: (call: TimedCall) => string): ProfileRow[] {
  const groups = new Map<string, TimedCall[]>();
  for (const call of calls) {
    const key = keyOf(call);
    const group = groups.get(key);
    if (group) group.push(call);
    else groups.set(key, [call]);
  }
  return [...groups].map(([name, own]) => rowOf(name, own, whole)).sort((a, b) => b.ms - a.ms);
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

/** The largest step in nanoseconds that all times are multiples of, in milliseconds; by the clock there is none. */
function resolutionOf(calls: readonly TimedCall[], timer: Profile['timer']): number {
  if (timer === 'clock') return 0;
  return calls.reduce((found, { ms }) => divisor(found, Math.abs(Math.round(ms * 1e6))), 0) / 1e6;
}

export interface ProfiledWhat {
  readonly step: number;
  readonly length: number;
  readonly timer: Profile['timer'];
  readonly best: DeviceBest;
}

export function profileOf(calls: readonly TimedCall[], { step, length, timer, best }: ProfiledWhat): Profile {
  const ms = sum(calls, (call) => call.ms);
  return {
    ...{ step, length, timer, resolution_ms: resolutionOf(calls, timer), dispatches: calls.length, ms, best },
    families: rowsBy(calls, ms, ({ call }) => familyOf[call.kernel]),
    kernels: rowsBy(calls, ms, ({ call }) => call.kernel),
  };
}
