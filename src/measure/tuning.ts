// Chooses among the forms of kernels by timing them on the device, at the calls of the model at hand: those that weigh most first, until the time is up. Not here:
// where choices are remembered (src/session). Invariant: a choice is one of the forms that compute the call, and a call that nobody had time for keeps the one that
// the table of forms would take.

import type { Device } from '../gpu/device.ts';
import { formsOn } from '../gpu/forms.ts';
import { pipelineKeyOf } from '../gpu/pipelines.ts';
import type { KernelCall } from '../graph/op.ts';
import { type Forms, formOf, formSpec, shapeClass } from '../kernels/forms.ts';
import { bytesBound, multiplyAdds } from '../plan/work.ts';
import { fastest } from './ceilings.ts';
import { jobOf } from './job.ts';

/** Calls that have one form: of a kernel, of one class of shapes. */
export interface FormChoice {
  /** As the forms of a device name it: 'gemm_nt 768x3072'. */
  readonly key: string;
  /** The heaviest of them. */
  readonly call: KernelCall;
  /** Forms that can compute it; undefined is the kernel's first. */
  readonly candidates: readonly (string | undefined)[];
  /** The one that is taken without a measurement. */
  readonly usual: string | undefined;
}

/** What a call weighs: what it computes, in multiply-adds, and what it moves, as so many for each byte. A GPU does some twenty in the time of a byte. */
const weightOf = (call: KernelCall): number => multiplyAdds(call) + 20 * bytesBound(call);

/** Forms for a device that can compute a call, after the kernel's first one, which is undefined. */
export function formsThatFit(device: Pick<Device, 'device' | 'info' | 'asked'>, call: KernelCall): (string | undefined)[] {
  const { kernel } = call;
  return [undefined, ...(formsOn(device)[kernel] ?? []).filter((name) => formSpec(kernel, name).fits?.(call) ?? true)];
}

/** What there is to choose for these calls on a device, the heaviest first. Forms that were asked for by name are not questioned. */
export function choicesOf(device: Pick<Device, 'device' | 'info' | 'asked'>, calls: readonly KernelCall[]): FormChoice[] {
  const forms = formsOn(device);
  const groups = new Map<string, { call: KernelCall; weight: number; total: number }>();
  for (const { form: _, ...call } of calls) {
    const key = `${call.kernel} ${shapeClass(call)}`;
    const weight = weightOf(call);
    const known = groups.get(key);
    if (!known) groups.set(key, { call, weight, total: weight });
    else {
      known.total += weight;
      if (weight > known.weight) Object.assign(known, { call, weight });
    }
  }
  return [...groups]
    .toSorted(([, a], [, b]) => b.total - a.total)
    .flatMap(([key, { call }]) => {
      if (forms[`${call.kernel} *`]) return [];
      const candidates = formsThatFit(device, call);
      return candidates.length === 1 ? [] : [{ key, call, candidates, usual: formOf(forms, call) }];
    });
}

const inFormOf = (call: KernelCall, form: string | undefined): KernelCall => (form === undefined ? call : { ...call, form });

/** A form must be so much faster than the usual one to be taken in its place: less than that is noise. */
const clearly = 0.95;

/** The choices, each made by `msOf`: the first, and further ones until `over`. What is not measured is left out. */
export async function choose(
  choices: readonly FormChoice[],
  msOf: (call: KernelCall) => Promise<number>,
  over: () => boolean,
): Promise<Forms> {
  const chosen: Record<string, readonly string[]> = {};
  for (const [i, { key, call, candidates, usual }] of choices.entries()) {
    if (i > 0 && over()) break;
    let best = { form: usual, ms: Number.POSITIVE_INFINITY };
    for (const form of [usual, ...candidates.filter((one) => one !== usual)]) {
      const ms = await msOf(inFormOf(call, form));
      if (ms < clearly * best.ms || (form === usual && ms < best.ms)) best = { form, ms };
    }
    chosen[key] = best.form === undefined ? [] : [best.form];
  }
  return chosen;
}

/** Milliseconds that choosing may take, but for compiling, which a run needs for most of it anyway, and for the choice that is under way then. */
const budget = 500;

/** Forms that were chosen so far, by class of shapes: a class has one form for good, so that what is compared with one another is computed alike. */
export type ChosenForms = Record<string, readonly string[]>;

/** The forms for these calls: what was chosen before, what is timed now, and the usual ones. A processor's are the usual ones. */
export async function formsWith(device: Device, calls: readonly KernelCall[], chosen: ChosenForms): Promise<Forms> {
  if (!device.info.isFallback) {
    const open = choicesOf(device, calls).filter(({ key }) => !(key in chosen));
    Object.assign(chosen, await tunedForms(device, open));
  }
  return { ...formsOn(device), ...chosen };
}

/** The forms of these calls, timed on the device. What it allocates is freed when it returns. */
export async function tunedForms(device: Device, choices: readonly FormChoice[]): Promise<Forms> {
  const calls = choices.flatMap(({ call, candidates }) => candidates.map((form) => inFormOf(call, form)));
  await Promise.all(calls.map((call) => device.pipelines.get(pipelineKeyOf(call))));
  const begin = performance.now();
  const msOf = async (call: KernelCall): Promise<number> => {
    const job = await jobOf(device, [call]);
    try {
      return await fastest(device, job, { rounds: 2, enough_ms: 3 });
    } finally {
      job.destroy();
    }
  };
  return choose(choices, msOf, () => performance.now() - begin > budget);
}
