// Matrix products and copies as jobs: what rates are taken of. Not here: how a job runs (job.ts), the clock.

import type { Device } from '../gpu/device.ts';
import type { StoredType } from '../gpu/pipelines.ts';
import type { KernelCall } from '../graph/op.ts';
import { type Forms, inForm } from '../kernels/forms.ts';
import { type KernelName, undropped } from '../kernels/table.ts';
import { type Job, jobOf, standIn } from './job.ts';

export type Product = Extract<KernelName, 'gemm_nt' | 'gemm_nn' | 'gemm_tn'>;
export const products: readonly Product[] = ['gemm_nt', 'gemm_nn', 'gemm_tn'];

/** Rows M, inputs K and outputs N of a dense layer: forward, its input's gradient and its weight's are products of these three. */
export interface ProductShape {
  readonly M: number;
  readonly K: number;
  readonly N: number;
}

type Opened = Pick<Device, 'device' | 'pipelines'>;

/** Rows of an example, where rows are summed. */
const exampleLength = 128;

/** A product of a dense layer with weights [N, K]. */
export function productCall(kernel: Product, { M, K, N }: ProductShape, storedType: StoredType = 'f32'): KernelCall {
  const [rows, outputs, weights] = [standIn('x', M * K), standIn('y', M * N), standIn('w', N * K, storedType)];
  const sizes = { M, K, N, width: N, column: 0, alpha: 1 };
  if (kernel === 'gemm_nt') return { kernel, tensors: { x: rows, w: weights, out: outputs }, uniforms: { ...sizes, ...undropped } };
  if (kernel === 'gemm_nn') return { kernel, tensors: { d_y: outputs, w: weights, out: rows }, uniforms: { ...sizes, ...undropped } };
  return { kernel, tensors: { d_y: outputs, x: rows, d_w: standIn('d_w', N * K) }, uniforms: { ...sizes, T: exampleLength, first: 0 } };
}

/** The same as a job, in the form that these have for it; left out: in its first. */
export function productJob(
  device: Opened,
  kernel: Product,
  shape: ProductShape,
  { storedType, forms = {} }: { readonly storedType?: StoredType; readonly forms?: Forms } = {},
): Promise<Job> {
  return jobOf(device, [inForm(productCall(kernel, shape, storedType), forms)]);
}

/** A copy of `count` words. */
export const copyJob = (device: Opened, count: number): Promise<Job> =>
  jobOf(device, [{ kernel: 'copy', tensors: { x: standIn('x', count), y: standIn('y', count) }, uniforms: { count } }]);
