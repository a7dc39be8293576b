// The type of a reference: what the kernel of the same name does, in f64 on the CPU, slowly and plainly. Integers and f32 bit patterns are
// held as exact numbers in the Float64Array too. Invariant: a reference reads and writes the bindings of its kernel and nothing else, in
// place, so that a dispatch list can be replayed with it.
import type { KernelName, kernels, stepScalars } from '../../src/kernels/table.ts';

type Spec<K extends KernelName> = (typeof kernels)[K];
type Override<K extends KernelName> = Spec<K> extends { overrides: readonly (infer Name extends string)[] } ? Name : never;

export type Step = Readonly<Record<keyof typeof stepScalars, number>>;

/** The reference of one kernel, with the names of its row in the table. Overrides left out have the default of the shader. */
export type Reference<K extends KernelName> = (
  tensors: Readonly<Record<keyof Spec<K>['bindings'], Float64Array>>,
  uniforms: Readonly<Record<keyof Spec<K>['uniforms'], number>>,
  overrides: Readonly<Partial<Record<Override<K>, number>>>,
  step: Step,
  headSize: number,
) => void;

/** Element `i`, which the caller knows to exist. */
export const at = (x: Float64Array, i: number): number => x[i] as number;

/** x[i] += value */
export function add(x: Float64Array, i: number, value: number): void {
  x[i] = at(x, i) + value;
}
