// Attention as a call, of texts that are as long as their batch: what rates are taken of. Not here: how it is timed.

import type { KernelCall } from '../graph/op.ts';
import { kernelSpec } from '../kernels/table.ts';
import { standIn } from './job.ts';

export interface AttentionShape {
  readonly B: number;
  readonly T: number;
  readonly NH: number;
  readonly HD: number;
  /** Of dropout. */
  readonly p: number;
}

/** Queries, keys and values of T tokens each, [B, T, NH · HD]; the two ways back take what the forward pass leaves. */
export function attentionCall(
  kernel: 'attention' | 'attention_backward_q' | 'attention_backward_kv',
  { B, T, NH, HD, p }: AttentionShape,
): KernelCall {
  const sizes: Readonly<Record<string, number>> = { lengths: B, lse: B * NH * T, delta: B * NH * T };
  const bindings = Object.keys(kernelSpec(kernel).bindings);
  return {
    kernel,
    tensors: Object.fromEntries(bindings.map((name) => [name, standIn(name, sizes[name] ?? B * T * NH * HD)])),
    uniforms: { B, T, S: T, prefix: 0, NH, first: 0, scale: 1 / Math.sqrt(HD), site: 1, p },
    headSize: HD,
  };
}
