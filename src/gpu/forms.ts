// Which forms of kernels run on a device, and those that somebody asks for by name. Not here: the forms (src/kernels/forms.ts), where a call gets its own
// (src/plan/lower.ts).

import { type Forms, formSpec, forms, formsFor } from '../kernels/forms.ts';
import { type KernelName, kernels } from '../kernels/table.ts';
import { RetraceError } from '../protocol/errors.ts';
import type { Device } from './device.ts';

/** What a kernel's first form is called where forms are asked for. */
const first = 'first';

const refused = (message: string, where: string, remedy: string): RetraceError =>
  new RetraceError({ code: 'unknown-form', message, where, remedy });

/**
 * The forms that a text such as `gemm_nt=tiled64,column_sum=first` asks for: a kernel has this form wherever it can compute a call, and its first one
 * elsewhere. A kernel that is named again has the next form there. `where`: what gave the text. Error: `unknown-form`.
 */
export function askedForms(text: string, where: string): Forms {
  const asked: Record<string, string[]> = {};
  for (const item of text.split(',').map((one) => one.trim())) {
    const [kernel = '', name = ''] = item.split('=');
    if (!(kernel in kernels) || item.split('=').length !== 2)
      throw refused(
        `'${item}' names no form of a kernel.`,
        where,
        `Write KERNEL=FORM, as in gemm_nt=tiled64. Kernels with forms: ${Object.keys(forms).join(', ')}.`,
      );
    const known = [first, ...Object.keys(forms[kernel as KernelName] ?? {})];
    if (!known.includes(name)) throw refused(`The kernel ${kernel} has no form '${name}'.`, where, `Use one of ${known.join(', ')}.`);
    const key = `${kernel} *`;
    asked[key] = [...(asked[key] ?? []), ...(name === first ? [] : [name])];
  }
  return asked;
}

/** The forms for a device, under those that were asked for when it was opened. Error `unknown-form`, where it does not offer what one of these needs. */
export function formsOn({ device, info, asked = {} }: Pick<Device, 'device' | 'info' | 'asked'>): Forms {
  for (const [key, names] of Object.entries(asked)) {
    const kernel = key.split(' ')[0] as KernelName;
    for (const name of names) {
      const { feature } = formSpec(kernel, name);
      if (feature && !device.features.has(feature))
        throw refused(
          `The form ${name} of ${kernel} needs ${feature}, which this device does not offer.`,
          'kernels',
          `Leave ${kernel}=${name} out.`,
        );
    }
  }
  return { ...formsFor({ software: info.isFallback, features: device.features }), ...asked };
}
