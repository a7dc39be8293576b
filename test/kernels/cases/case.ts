// What a kernel test case is, and the arrays that cases are made of. Invariant: values of `halves` are exact in f16, so that the f16 and the f32
// form of a kernel have one reference.
import { randomKey, randomNormal, randomU32, siteId } from '../../../src/random/counter.ts';
import type { KernelRun } from '../testing.ts';

export interface KernelCase extends KernelRun {
  /** What is special about it: `ragged`, `several workgroups` ... */
  readonly name: string;
  /** Largest error, as a share of the largest magnitude of the tensor, or of 1 where all are smaller; 1e-5 where left out: some hundred f32 roundings in a sum. */
  readonly tolerance?: number;
}

/** Standard normal numbers, a stream of their own for each name. */
export function normals(name: string, count: number, deviation = 1): Float32Array<ArrayBuffer> {
  const key = randomKey(7, 0, siteId(name));
  return Float32Array.from({ length: count }, (_, i) => deviation * randomNormal(key, i));
}

/** Multiples of 1/1024 in (-1, 1). */
export function halves(name: string, count: number): Float32Array<ArrayBuffer> {
  const key = randomKey(7, 1, siteId(name));
  return Float32Array.from({ length: count }, (_, i) => ((randomU32(key, i) % 2047) - 1023) / 1024);
}

/** Random integers in [low, high). */
export function integers(name: string, count: number, low: number, high: number): number[] {
  const key = randomKey(7, 2, siteId(name));
  return Array.from({ length: count }, (_, i) => low + (randomU32(key, i) % (high - low)));
}

/** How rows that are summed stand in their examples: each its own, a block to an example, ragged blocks that begin at a later one, a block's rows exactly. */
export const exampleRows: readonly { readonly T: number; readonly first: number }[] = [
  { T: 1, first: 0 },
  { T: 5, first: 0 },
  { T: 70, first: 64 },
  { T: 64, first: 0 },
];

/** Dropout in an epilogue: fields and a step of which none has its default. */
export const dropped = { first: 40, example: 77, site: 4000000007, p: 0.3 };
export const droppedStep = { seed: 9, micro_step: 8, first_example: 3 };

/** An output that the kernel must overwrite. */
export const unset = (count: number): Float32Array<ArrayBuffer> => new Float32Array(count).fill(99);
