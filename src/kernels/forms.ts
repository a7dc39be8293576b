// Forms of kernels: other ways to compute what a kernel computes, for devices that its first form does not suit. `shaders/NAME.wgsl` is the first form, and it
// declares what all share: bindings, uniforms, overrides, and what is done with a sum once it is there. `shaders/FORM/NAME.wgsl` has another entry point;
// `shaders/FORM/prelude.wgsl` is what several of them share.
// Not here: which form is the fastest on a device (src/gpu/forms.ts), where a call gets its form (src/plan/lower.ts).
// Invariant: the values that a form gives for a row never depend on M, the rows of a call. A part of a batch then has the bits of the whole.

import type { KernelSpec } from './kernel_spec.ts';
import { productForms } from './product_forms.ts';
import { rowForms } from './row_forms.ts';
import type { KernelName } from './table.ts';

/** What of a call its form depends on. */
export interface FormedCall {
  readonly kernel: KernelName;
  readonly uniforms: Readonly<Record<string, number>>;
  readonly overrides?: Readonly<Record<string, number>>;
  readonly headSize?: number;
  /** Left out: the first. */
  readonly form?: string;
}

export interface FormSpec extends Partial<Pick<KernelSpec, 'work' | 'tile'>> {
  /** Software drivers, which compute on processors, or graphics processors. */
  readonly devices: 'software' | 'gpu';
  /** What a device must offer. */
  readonly feature?: 'subgroups';
  /** The folder of its file in shaders/; left out: its name. Forms of other tiles can share a file. */
  readonly folder?: string;
  /** Override constants of that file, such as the size of a tile. */
  readonly constants?: Readonly<Record<string, number>>;
  /** Whether it can compute a call; left out: any. */
  fits?(call: FormedCall): boolean;
  /** Whether it is the one to take, of those that fit, where nobody measured; left out: yes. As `fits`, never by M (see above). */
  suits?(call: FormedCall): boolean;
}

const subgroups: FormSpec = { devices: 'software', feature: 'subgroups' };

/** Workgroups that a grid can have along one side, by WebGPU's default limits. */
const side = 65535;

/**
 * Attention by tiles of 32 of its rows, which are T queries or S keys. A lane sums an eighth of a head: registers hold those of up to 128 numbers, and of less
 * than 16 most lanes would have none.
 */
const flash = (rows: 'T' | 'S'): FormSpec => ({
  devices: 'gpu',
  constants: { ROWS: 32 },
  work: [[rows], ['B', 'NH']],
  tile: [32, 1],
  fits: ({ headSize = 0, uniforms: { B = 1, NH = 1 } }) => headSize >= 16 && headSize <= 128 && headSize % 4 === 0 && B * NH <= side,
});

/** By kernel and name, in the order in which they are tried. */
export const forms: { readonly [Name in KernelName]?: Readonly<Record<string, FormSpec>> } = {
  gemm_nt: { subgroups, ...productForms.gemm_nt },
  gemm_nn: { subgroups, ...productForms.gemm_nn },
  gemm_tn: productForms.gemm_tn,
  attention: { flash: flash('T') },
  attention_backward_q: { flash: flash('T') },
  attention_backward_kv: { flash: flash('S') },
  ...rowForms,
};

/** The form of this name. */
export function formSpec(kernel: KernelName, name: string): FormSpec {
  const form = forms[kernel]?.[name];
  if (!form)
    throw new Error(`the kernel '${kernel}' has no form '${name}'; it has ${Object.keys(forms[kernel] ?? {}).join(', ') || 'none'}`);
  return form;
}

/**
 * Names of forms in the order in which they are tried, by kernel: of these one is taken that suits. By kernel and class of shapes, or `*` for all of
 * them, are those that were measured or asked for: the first that fits is taken.
 */
export type Forms = Readonly<Record<string, readonly string[]>>;

/** Calls of one class have the same form: products by the sizes of their weight, attention by the size of a head, the rest by the columns. Never by rows. */
export function shapeClass({ uniforms, headSize }: FormedCall): string {
  if (headSize !== undefined) return `head ${headSize}`;
  const { N, K, C } = uniforms;
  return K !== undefined && N !== undefined ? `${N}x${K}` : C !== undefined ? `${C}` : '';
}

/** The form of a call; undefined: the kernel's first. */
export function formOf(chosen: Forms, call: FormedCall): string | undefined {
  const { kernel } = call;
  const fits = (name: string) => formSpec(kernel, name).fits?.(call) ?? true;
  const asked = chosen[`${kernel} ${shapeClass(call)}`] ?? chosen[`${kernel} *`];
  if (asked) return asked.find(fits);
  return chosen[kernel]?.find((name) => fits(name) && (formSpec(kernel, name).suits?.(call) ?? true));
}

/** The same call in the form that it has of these. */
export function inForm<Call extends FormedCall>(call: Call, chosen: Forms): Call {
  const form = formOf(chosen, call);
  const { form: _, ...rest } = call;
  return { ...rest, ...(form === undefined ? {} : { form }) } as Call;
}

/** What a device decides of its forms. */
export interface FormDevice {
  readonly software: boolean;
  readonly features: ReadonlySet<string>;
}

/** The forms that are for a kind of device, as they stand in the table. */
export function formsFor({ software, features }: FormDevice): Forms {
  const chosen = Object.entries(forms).map(([kernel, named]): [string, readonly string[]] => {
    const suits = ({ devices, feature }: FormSpec) => (devices === 'software') === software && (!feature || features.has(feature));
    return [kernel, Object.keys(named).filter((name) => suits(named[name] as FormSpec))];
  });
  return Object.fromEntries(chosen.filter(([, names]) => names.length > 0));
}
