// What a dispatch computes, counted: multiply-adds of matrix products and attention. The rest is a few operations an element and is not counted.

import type { KernelCall } from './ir.ts';
import type { LoweredGraph } from './lower.ts';

/** Of a matrix product or of attention; 0 for the rest. */
export function multiplyAdds({ kernel, uniforms, headSize = 0 }: KernelCall): number {
  const { M = 0, N = 0, K = 0, B = 0, T = 0, NH = 0, S = T } = uniforms;
  if (kernel.startsWith('gemm_')) return M * N * K;
  const products = { attention: 2, attention_backward_q: 3, attention_backward_kv: 4 }[kernel as string] ?? 0;
  return products * B * NH * T * S * headSize;
}

/** Floating-point operations of a program: two a multiply-add. */
export const flopsOf = ({ nodes }: LoweredGraph): number =>
  nodes.reduce((sum, { calls }) => sum + calls.reduce((own, call) => own + 2 * multiplyAdds(call), 0), 0);
