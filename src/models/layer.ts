// A transformer layer, post-norm (Vaswani et al. 2017) or pre-norm, made of the sites: what one architecture's layers have that another's have not is
// a `LayerKind`. Not here: what stands below and above the layers (the model files).
//   post-norm  a = LN1(x + Attention(x)),   y = LN2(a + FFN(a))
//   pre-norm   a = x + Attention(LN1(x)),   y = a + FFN(LN2(a))
// In a layer that looks at an earlier stack's result E, a further sublayer of the same form, Attention(a, E), stands between the two.

import type { Graph } from '../graph/graph.ts';
import { add } from '../graph/ops/elementwise.ts';
import type { Tensor } from '../graph/tensor.ts';
import { RetraceError } from '../protocol/errors.ts';
import type { Adaptation, BackboneConfig, LayerBlocks, Tokens } from './model.ts';
import {
  type AttentionNames,
  type AttentionPlace,
  crossAttention,
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
  /** Of a layer that looks at an earlier stack's result; heads and dropout are the attention's. */
  readonly cross?: AttentionNames & { readonly norm: string };
  readonly feedForward: FeedForwardPlace;
}

/** Of a sublayer f: LN(x + f(x)), or x + f(LN(x)). [.., C] */
function residual(g: Graph, { norms, eps }: LayerKind, name: string, x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  return norms === 'after' ? norm(g, name, f(x), eps, x) : add(g, f(norm(g, name, x, eps)), x);
}

/** `count` layers named `path`.0, `path`.1, ... `given_lengths` [B]: tokens of what they look at beside their own. */
export function transformerLayers(
  path: string,
  count: number,
  kind: LayerKind,
  tokens: Tokens,
  adaptation: Adaptation,
  given_lengths?: Tensor,
): readonly LayerBlocks[] {
  const { names, attention: place, cross } = kind;
  const attention = (g: Graph, x: Tensor, [given]: readonly Tensor[]) => {
    const a = residual(g, kind, names.attention_norm, x, (z) => selfAttention(g, z, tokens, names, place, adaptation)); // [B, T, C]
    if (!cross) return a;
    const seen = { hidden: given, lengths: given_lengths as Tensor, cache: tokens.cache };
    return residual(g, kind, cross.norm, a, (z) => crossAttention(g, z, seen, cross, place, adaptation)); // [B, T, C]
  };
  const mlp = (g: Graph, a: Tensor) =>
    residual(g, kind, names.output_norm, a, (z) => feedForward(g, z, tokens.lengths, names, kind.feedForward, adaptation)); // [.., C]
  const blocks = { attention, mlp, layer: { mixing: attention, rows: mlp } };
  return Array.from({ length: count }, (_, index) => ({ name: `${path}.${index}`, index, tokens, ...blocks }));
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
