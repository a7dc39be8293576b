// Which forms of kernels a run has on its device: those that it began with, or the fastest of those that were timed, now or before. Not here: the timing
// (src/measure/tuning.ts), the forms (src/kernels/forms.ts). Invariant: a run has one list of forms from its first step to its last, also when it is gone on with.

import * as v from 'valibot';
import type { Device } from '../../gpu/device.ts';
import { formsOn } from '../../gpu/forms.ts';
import { checksumOf, pipelineKeyOf } from '../../gpu/pipelines.ts';
import type { KernelCall } from '../../graph/op.ts';
import { type Forms, formSpec, forms } from '../../kernels/forms.ts';
import type { KernelName } from '../../kernels/table.ts';
import { type ChosenForms, choicesOf, type FormChoice, formsWith } from '../../measure/tuning.ts';
import type { RunForms } from '../../protocol/config.ts';
import type { MeasuredStore } from '../host.ts';

const keptForms = v.record(v.string(), v.array(v.string()));

/** A device as a run remembers it. */
const deviceName = ({ info: { vendor, architecture, description } }: Pick<Device, 'info'>): string =>
  [vendor, architecture, description].filter(Boolean).join(' ');

/** What names the choice among forms on a device: another adapter, driver or shader of one of them is another choice. */
function choiceName({ device }: Device, { key, call, candidates }: FormChoice): string {
  const keys = candidates.map((form) => pipelineKeyOf(form === undefined ? call : { ...call, form }));
  return `${key} ${checksumOf(keys, device.features)}`;
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
  if (device.info.isFallback) return formsOn(device);
  const name = `forms | ${deviceName(device)}`;
  const kept = v.safeParse(keptForms, await store.load(name));
  const known = kept.success ? kept.output : {};
  const choices = choicesOf(device, calls).map((choice) => ({ ...choice, name: choiceName(device, choice) }));
  const chosen: ChosenForms = {};
  for (const choice of choices) {
    const names = known[choice.name];
    if (names && isKnown(names, choice)) chosen[choice.key] = names;
  }
  const before = Object.keys(chosen).length;
  const forms = await formsWith(device, calls, chosen);
  if (Object.keys(chosen).length > before) {
    const made = choices.flatMap((choice) => (chosen[choice.key] ? [[choice.name, chosen[choice.key]] as const] : []));
    await store.save(name, { ...known, ...Object.fromEntries(made) });
  }
  return forms;
}

const isKnown = (names: readonly string[], { candidates }: FormChoice): boolean => names.every((name) => candidates.includes(name));

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
