// What a dispatch computes, counted: multiply-adds of matrix products, sparse ones too, and attention. The rest is a few operations per element and is not counted.

import type { KernelCall } from '../graph/op.ts';
import { bytesOfTensor } from '../graph/tensor.ts';
import type { LoweredGraph } from './lower.ts';

/** Products of queries and keys by kernel. */
const attentionProducts = new Map<string, number>([
  ['attention', 2],
  ['attention_backward_q', 3],
  ['attention_backward_kv', 4],
]);

/** Of a matrix product or of attention; 0 for the rest. */
export function multiplyAdds({ kernel, uniforms, headSize = 0 }: KernelCall): number {
  if (kernel.startsWith('gemm_')) {
    const { M = 0, N = 0, K = 0 } = uniforms;
    return M * N * K;
  }
  if (kernel.startsWith('sparse_')) {
    const { N = 0, K = 0, C = 0 } = uniforms;
    return N * K * C;
  }
  const products = attentionProducts.get(kernel);
  if (products === undefined) return 0;
  const { B = 0, T = 0, NH = 0, S = T } = uniforms;
  return products * B * NH * T * S * headSize;
}

/** Kernels that touch as many rows of a table as they have in the other tensor, not all of it. */
const someRows = new Map<string, readonly [table: string, rows: string]>([
  ['embedding', ['table', 'h']],
  ['embedding_backward', ['d_table', 'd_h']],
  ['gather_rows', ['x', 'y']],
  ['scatter_rows', ['x', 'y']],
]);

/** Bytes of a tensor that a dispatch binds, but of a table only those of the rows that it touches. */
export function touchedBytes({ kernel, tensors }: KernelCall, name: string): number {
  const bytesOf = (binding: string): number => {
    const tensor = tensors[binding];
    return tensor ? bytesOfTensor(tensor) : 0;
  };
  const [table, rows = ''] = someRows.get(kernel) ?? [];
  return name === table ? Math.min(bytesOf(name), bytesOf(rows)) : bytesOf(name);
}

/** Bytes of the tensors that a dispatch binds, each once: what it moves at least. One that is read and written in place counts once. */
export const bytesBound = (call: KernelCall): number => Object.keys(call.tensors).reduce((sum, name) => sum + touchedBytes(call, name), 0);

/** Floating-point operations of a program: two per multiply-add. */
export const flopsOf = ({ nodes }: LoweredGraph): number =>
  nodes.reduce((sum, { calls }) => sum + calls.reduce((own, call) => own + 2 * multiplyAdds(call), 0), 0);

/** Most bytes that a program's host calls move to the GPU and from it: tensors full to the last row. */
export function movedBytes({ nodes }: LoweredGraph): { readonly to_gpu: number; readonly from_gpu: number } {
  const calls = nodes.flatMap(({ node }) => node.op.host?.(node) ?? []);
  const sum = (of: 'reads' | 'writes') =>
    calls.reduce((all, call) => call[of].reduce((own, tensor) => own + bytesOfTensor(tensor), all), 0);
  return { to_gpu: sum('writes'), from_gpu: sum('reads') };
}
