// The bottleneck adapter: A(x) = W2 · dropout(act(W1 x + b1)) + b2, no residual inside (Liao et al. 2023; authors' code).

import type { Graph } from '../graph/graph.ts';
import { dropout, scaleAdd } from '../graph/ops/elementwise.ts';
import { layerNorm } from '../graph/ops/layer_norm.ts';
import { linear } from '../graph/ops/linear.ts';
import type { Initial, Tensor } from '../graph/tensor.ts';
import type { Activation } from '../kernels/table.ts';
import type { BackboneConfig } from '../models/model.ts';
import type { MethodOptions } from '../protocol/config.ts';

export interface AdapterPlace {
  /** A value that A(x) is added to; consumed. */
  readonly into?: Tensor;
  /** Factor on A(x). */
  readonly scaling?: number;
  /** A LayerNorm before it. */
  readonly layer_norm?: boolean;
  /** How W1 and W2 start; N(0, std²) where left out, so that A(x) ≠ 0 from the start. */
  readonly start?: Readonly<Record<'down' | 'up', Initial>>;
}

/** By the option's words; the model's own where left out. */
const activations: Readonly<Partial<Record<MethodOptions['non_linearity'], Activation>>> = { gelu: 'gelu', relu: 'relu', swish: 'silu' };

/** A(x) [.., C] in the scope `name`. */
export function adapter(
  g: Graph,
  name: string,
  x: Tensor,
  { hidden_size: C, hidden_act, hidden_dropout_prob, layer_norm_eps }: BackboneConfig,
  { adapter_size: r, adapter_init_std: std, non_linearity }: MethodOptions,
  { into, scaling = 1, layer_norm = false, start }: AdapterPlace = {},
): Tensor {
  return g.scope(name, () => {
    const matrix = (part: 'down' | 'up', shape: readonly [number, number]) =>
      g.weight(`${g.path}.${part}.weight`, shape, { owner: 'method', initial: start?.[part] ?? { from: 'normal', std } });
    const vector = (part: string, size: number, value = 0) =>
      g.weight(`${g.path}.${part}`, [size], { owner: 'method', initial: { from: 'constant', value } });
    const normed = layer_norm ? layerNorm(g, x, vector('LayerNorm.weight', C, 1), vector('LayerNorm.bias', C), layer_norm_eps) : x;
    const down = { bias: vector('down.bias', r) };
    const w1 = matrix('down', [r, C]);
    const hidden = linear(g, normed, w1, { ...down, activation: activations[non_linearity] ?? hidden_act });
    const dropped = dropout(g, hidden, hidden_dropout_prob, 'dropout');
    const up = { bias: vector('up.bias', C) };
    const w2 = matrix('up', [C, r]);
    if (scaling !== 1) {
      const scaled = linear(g, dropped, w2, up);
      return into ? scaleAdd(g, into, 1, scaled, scaling) : scaleAdd(g, scaled, scaling);
    }
    return linear(g, dropped, w2, { ...up, ...(into ? { into } : {}) });
  });
}
