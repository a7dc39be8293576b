// A timed step as trace events (the JSON that chrome://tracing and Perfetto open): a track for each phase, a slice for each dispatch. Dispatches were timed one
// by one, so slices stand one behind the other without the gaps between them, which the timing itself makes longer than they are.
// Invariant: slices are in the order in which the step ran them, and no two overlap.

import type { TimedCall } from '../gpu/executor.ts';
import { dispatchSize } from '../kernels/dispatch.ts';
import { familyOf } from '../kernels/families.ts';
import { bytesBound, multiplyAdds } from '../plan/work.ts';

interface Slice {
  readonly ph: 'X';
  readonly name: string;
  readonly cat: string;
  readonly pid: 1;
  readonly tid: number;
  /** Microseconds. */
  readonly ts: number;
  readonly dur: number;
  readonly args: Readonly<Record<string, unknown>>;
}

interface Naming {
  readonly ph: 'M';
  readonly name: 'process_name' | 'thread_name' | 'thread_sort_index';
  readonly pid: 1;
  readonly tid?: number;
  readonly args: Readonly<Record<string, string | number>>;
}

function argsOf({ call, place, ms }: TimedCall): Slice['args'] {
  const { tensors, uniforms, overrides = {}, headSize, form } = call;
  const flops = 2 * multiplyAdds(call);
  const bound = Object.entries(tensors).flatMap(([name, tensor]) =>
    tensor ? [[name, `${tensor.name || 'unnamed'}: ${tensor.dtype}[${tensor.shape.join(', ')}]`]] : [],
  );
  return {
    module: place.path || place.section,
    section: place.section,
    tensors: Object.fromEntries(bound),
    uniforms,
    overrides: { ...overrides, ...(headSize === undefined ? {} : { headSize }) },
    ...(form === undefined ? {} : { form }),
    workgroups: dispatchSize(call),
    bytes: bytesBound(call),
    ...(flops > 0 ? { flops, gflops: ms > 0 ? flops / ms / 1e6 : 0 } : {}),
  };
}

/** `title` names the process in the picture: model, method, device. */
export function traceOf(calls: readonly TimedCall[], title: string): string {
  const phases = [...new Set(calls.map(({ place }) => place.phase))];
  const events: (Slice | Naming)[] = [{ ph: 'M', name: 'process_name', pid: 1, args: { name: title } }];
  for (const [tid, phase] of phases.entries()) {
    events.push({ ph: 'M', name: 'thread_name', pid: 1, tid, args: { name: phase } });
    events.push({ ph: 'M', name: 'thread_sort_index', pid: 1, tid, args: { sort_index: tid } });
  }
  let ts = 0;
  for (const timed of calls) {
    const { call, place, ms } = timed;
    const dur = Math.max(0, ms * 1000);
    const tid = phases.indexOf(place.phase);
    events.push({ ph: 'X', name: call.kernel, cat: familyOf[call.kernel], pid: 1, tid, ts, dur, args: argsOf(timed) });
    ts += dur;
  }
  return JSON.stringify({ displayTimeUnit: 'ms', traceEvents: events });
}
