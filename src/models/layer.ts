// A transformer layer, post-norm (Vaswani et al. 2017) or pre-norm, made of the sites: what one architecture's layers have that another's have not is
// a `LayerKind`. Not here: what stands below and above the layers (the model files).
//   post-norm  a = LN1(x + Attention(x)),   y = LN2(a + FFN(a))
//   pre-norm   a = x + Attention(LN1(x)),   y = a + FFN(LN2(a))

import type { Graph } from '../graph/graph.ts';
import { add } from '../graph/ops/elementwise.ts';
import type { Tensor } from '../graph/tensor.ts';
import { RetraceError } from '../protocol/errors.ts';
import type { Adaptation, BackboneConfig, LayerBlocks } from './model.ts';
import {
  type AttentionNames,
  type AttentionPlace,
  type FeedForwardNames,
  type FeedForwardPlace,
  feedForward,
  norm,
  selfAttention,
} from './sites.ts';

export interface LayerKind {
  readonly norms: 'before' | 'after';
  readonly eps: number;
  readonly names: AttentionNames & FeedForwardNames & { readonly attention_norm: string; readonly output_norm: string };
  readonly attention: AttentionPlace;
  readonly feedForward: FeedForwardPlace;
}

/** `count` layers named `path`.0, `path`.1, ... */
export function transformerLayers(
  path: string,
  count: number,
  { norms, eps, names, attention, feedForward: ffn }: LayerKind,
  lengths: Tensor,
  adaptation: Adaptation,
): readonly LayerBlocks[] {
  const attend = (g: Graph, x: Tensor) => selfAttention(g, x, lengths, names, attention, adaptation);
  const feed = (g: Graph, x: Tensor) => feedForward(g, x, lengths, names, ffn, adaptation);
  const blocks =
    norms === 'after'
      ? {
          attention: (g: Graph, x: Tensor) => norm(g, names.attention_norm, attend(g, x), eps, x), // [B, T, C]
          mlp: (g: Graph, a: Tensor) => norm(g, names.output_norm, feed(g, a), eps, a), // [.., C]
        }
      : {
          attention: (g: Graph, x: Tensor) => add(g, attend(g, norm(g, names.attention_norm, x, eps)), x), // [B, T, C]
          mlp: (g: Graph, a: Tensor) => add(g, feed(g, norm(g, names.output_norm, a, eps)), a), // [.., C]
        };
  return Array.from({ length: count }, (_, index) => ({
    ...{ name: `${path}.${index}`, index, lengths, layer: { mixing: blocks.attention, rows: blocks.mlp } },
    ...blocks,
  }));
}

/** The widths of a model `factor` times narrower, with its heads. Error `reduction-factor` where head sizes are then no multiple of 4. */
export function narrowedConfig<C extends BackboneConfig>(config: C, factor: number): C {
  const { hidden_size, intermediate_size, num_attention_heads } = config;
  if (hidden_size % (4 * factor * num_attention_heads) !== 0 || intermediate_size % (4 * factor) !== 0) {
    throw new RetraceError({
      code: 'reduction-factor',
      message: `A side network ${factor} times narrower than ${hidden_size} with ${num_attention_heads} heads has a head size of ${hidden_size / factor / num_attention_heads}, which is no multiple of 4.`,
      where: 'reduction_factor',
      remedy: `Use a factor that divides ${hidden_size / 4 / num_attention_heads}.`,
    });
  }
  return { ...config, hidden_size: hidden_size / factor, intermediate_size: intermediate_size / factor };
}
