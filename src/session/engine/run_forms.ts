// Which forms of kernels a run has on its device: those that it began with, or the fastest of those that were timed, now or before. Not here: the timing
// (src/measure/tuning.ts), the forms (src/kernels/forms.ts). Invariant: a run has one list of forms from its first step to its last, also when it is gone on with.

import * as v from 'valibot';
import type { Device } from '../../gpu/device.ts';
import { formsOn } from '../../gpu/forms.ts';
import { kernelSource } from '../../gpu/pipelines.ts';
import type { KernelCall } from '../../graph/op.ts';
import { type Forms, formSpec, forms } from '../../kernels/forms.ts';
import type { KernelName } from '../../kernels/table.ts';
import { choicesOf, type FormChoice, tunedForms } from '../../measure/tuning.ts';
import type { RunForms } from '../../protocol/config.ts';
import type { MeasuredStore } from '../host.ts';

const keptForms = v.record(v.string(), v.array(v.string()));

/** A device as a run remembers it. */
const deviceName = ({ info: { vendor, architecture, description } }: Pick<Device, 'info'>): string =>
  [vendor, architecture, description].filter(Boolean).join(' ');

/** What names the choice among forms on a device: another adapter, driver or shader of one of them is another choice. */
function choiceName(device: Device, { key, call, candidates }: FormChoice): string {
  let hash = 0;
  for (const form of candidates) {
    const source = kernelSource({ ...call, ...(form === undefined ? {} : { form }) }, device.device.features);
    for (let i = 0; i < source.length; i++) hash = (Math.imul(hash, 31) + source.charCodeAt(i)) | 0;
  }
  return `${key} ${(hash >>> 0).toString(16)}`;
}

/** The forms of a run for its calls: those that it `began` with, else the fastest. */
export const formsOfRun =
  (device: Device, store: MeasuredStore, began?: RunForms) =>
  async (calls: readonly KernelCall[]): Promise<Forms> =>
    began ? formsAgain(device, began) : fastestForms(device, calls, store);

/** What a run keeps of its forms. */
export const formsRecord = (device: Pick<Device, 'info'>, chosen: Forms): RunForms => ({
  device: deviceName(device),
  chosen: Object.fromEntries(Object.entries(chosen).map(([key, names]) => [key, [...names]])),
});

/** The forms for these calls, timed where they never were; on a processor those of the device, which suit it. */
async function fastestForms(device: Device, calls: readonly KernelCall[], store: MeasuredStore): Promise<Forms> {
  const usual = formsOn(device);
  if (device.info.isFallback) return usual;
  const name = `forms | ${deviceName(device)}`;
  const kept = v.safeParse(keptForms, await store.load(name));
  const known: Record<string, readonly string[]> = kept.success ? { ...kept.output } : {};
  const choices = choicesOf(device, calls);
  const open = choices.filter((choice) => !isKnown(known[choiceName(device, choice)], choice));
  if (open.length > 0) {
    const chosen = await tunedForms(device, open);
    for (const choice of open) {
      const own = chosen[choice.key];
      if (own) known[choiceName(device, choice)] = own;
    }
    await store.save(name, known);
  }
  const own = choices.flatMap((choice) => {
    const names = known[choiceName(device, choice)];
    return names ? [[choice.key, names] as const] : [];
  });
  return { ...usual, ...Object.fromEntries(own) };
}

const isKnown = (names: readonly string[] | undefined, { candidates }: FormChoice): boolean =>
  names?.every((name) => candidates.includes(name)) ?? false;

/** The forms that a run began with, as far as this version of Retrace and this device have them. */
function formsAgain(device: Device, began: RunForms): Forms {
  const has = (key: string, name: string): boolean => {
    const kernel = key.split(' ')[0] as KernelName;
    if (!forms[kernel]?.[name]) return false;
    const { feature } = formSpec(kernel, name);
    return !feature || device.device.features.has(feature);
  };
  return Object.fromEntries(Object.entries(began.chosen).map(([key, names]) => [key, names.filter((name) => has(key, name))]));
}

/** What a run that is gone on with says where its device is another one. */
export const otherDeviceNote = (device: Device, began: RunForms | undefined): readonly string[] =>
  began && began.device !== deviceName(device)
    ? [
        `The run began on ${began.device} and continues on ${deviceName(device)}: its numbers can differ in their last digits from what they would have been there.`,
      ]
    : [];
