// The bottleneck adapter of MEFT: A(x) = W2 · dropout(act(W1 x + b1)) + b2, no residual and no scaling inside (Liao et al. 2023; authors' code).

import type { Graph, Tensor } from '../graph/ir.ts';
import { applyActivation, dropout } from '../graph/ops/elementwise.ts';
import { linear } from '../graph/ops/linear.ts';
import type { BackboneConfig } from '../models/model.ts';
import type { MethodOptions } from '../protocol/config.ts';

/** A(x) [.., C] in the scope `name`; added to `into` (consumed) where given. Both matrices start at N(0, std²), so A(x) ≠ 0 from the start. */
export function adapter(g: Graph, name: string, x: Tensor, config: BackboneConfig, options: MethodOptions, into?: Tensor): Tensor {
  const { hidden_size: C, hidden_act, hidden_dropout_prob } = config;
  const { adapter_size: r, adapter_init_std: std } = options;
  return g.scope(name, () => {
    const matrix = (part: string, shape: readonly [number, number]) =>
      g.weight(`${g.path}.${part}.weight`, shape, { initial: { from: 'normal', std } });
    const bias = (part: string, size: number) => g.weight(`${g.path}.${part}.bias`, [size], { initial: { from: 'constant', value: 0 } });
    const down = { bias: bias('down', r) };
    const w1 = matrix('down', [r, C]);
    const hidden =
      hidden_act === 'gelu' ? linear(g, x, w1, { ...down, activation: 'gelu' }) : applyActivation(g, linear(g, x, w1, down), hidden_act);
    const dropped = dropout(g, hidden, hidden_dropout_prob, 'dropout');
    return linear(g, dropped, matrix('up', [C, r]), { bias: bias('up', C), ...(into ? { into } : {}) });
  });
}
