// The places of a layer that all models share, and at which a method may change them: dense layers, norms, attention, the feed-forward pair. A model
// file says what they are called and in which order they stand. Names are paths from the layer, as checkpoints have them.
// Invariant: a place offers itself to the method in the same way in every model, and what a method adds there has the same name, BERT's, in all of them.

import type { Graph } from '../graph/graph.ts';
import { attention, attentionWithLse } from '../graph/ops/attention.ts';
import { splitColumns } from '../graph/ops/columns.ts';
import { applyActivation, dropout } from '../graph/ops/elementwise.ts';
import { layerNorm } from '../graph/ops/layer_norm.ts';
import { linear } from '../graph/ops/linear.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Activation } from '../kernels/table.ts';
import { type KeyValueCache, kept, keptOnce, refuseWithoutMask } from './key_value_cache.ts';
import type { Adaptation, LinearSite, Tokens } from './model.ts';

/** The module that a module is in: 'attention.self' of 'attention.self.query'. */
const parentOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('.')));

/** Runs `build` in the module that `name` is in. */
const beside = <T>(g: Graph, name: string, build: () => T): T => {
  const parent = parentOf(name);
  return parent === '' ? build() : g.scope(parent, build);
};

/** LayerNorm of x [.., C], or of x + residual. */
export const norm = (g: Graph, name: string, x: Tensor, eps: number, residual?: Tensor): Tensor =>
  g.scope(name, () => {
    const C = x.shape.at(-1) as number;
    return layerNorm(g, x, g.weight(`${g.path}.weight`, [C], { mean: 1 }), g.weight(`${g.path}.bias`, [C]), eps, residual);
  });

export interface DenseOptions {
  readonly activation?: Activation;
  readonly bias?: boolean;
  /** How checkpoints store the matrix: `transposed` is [in_features, out_features], as GPT-2's Conv1D has it. */
  readonly layout?: 'transposed' | undefined;
}

/** A dense layer x [.., in] -> [.., out]: with its activation fused where no method changes it. */
export function dense(
  g: Graph,
  name: string,
  x: Tensor,
  out_features: number,
  { linear: hook }: Adaptation,
  { activation = 'none', bias: hasBias = true, layout }: DenseOptions = {},
): Tensor {
  return g.scope(name, () => {
    const in_features = x.shape.at(-1) as number;
    const site: LinearSite = { path: g.path, in_features, out_features };
    const w = g.weight(`${g.path}.weight`, [out_features, in_features], { dense: true, ...(layout ? { stored: { layout } } : {}) });
    const bias = hasBias ? { bias: g.weight(`${g.path}.bias`, [out_features], { dense: true }) } : {};
    const adapting = hook?.adapts(site) ? hook : undefined;
    const entering = adapting?.before?.(g, site, x) ?? x;
    if (!adapting?.after) return linear(g, entering, w, { ...bias, activation });
    const y = linear(g, entering, w, bias);
    return applyActivation(g, adapting?.after?.(g, site, entering, y) ?? y, activation);
  });
}

export interface AttentionNames {
  /** Three dense layers, or one whose outputs are queries, keys and values side by side. */
  readonly projections: { readonly query: string; readonly key: string; readonly value: string } | { readonly joined: string };
  readonly output: string;
}

export interface AttentionPlace {
  readonly num_attention_heads: number;
  readonly causal: boolean;
  /** Of queries, keys and values; left out: they have one. */
  readonly bias?: boolean;
  /** Dropout on the probabilities, and on the output. */
  readonly dropout: { readonly probabilities: number; readonly output: number };
  readonly layout?: 'transposed' | undefined;
}

/** Queries, keys and values, [B, T, C] each, of x [B, T, C]. */
function projected(g: Graph, x: Tensor, { projections }: AttentionNames, adaptation: Adaptation, options: DenseOptions) {
  const C = x.shape.at(-1) as number;
  if ('joined' in projections) return splitColumns(g, dense(g, projections.joined, x, 3 * C, adaptation, options), 3);
  const { query, key, value } = projections;
  return [query, key, value].map((name) => dense(g, name, x, C, adaptation, options));
}

/** Multi-head self-attention with its output projection [B, T, C] -> [B, T, C], before the residual. */
export function selfAttention(
  g: Graph,
  x: Tensor,
  { lengths, cache }: Tokens,
  names: AttentionNames,
  { num_attention_heads, causal, bias = true, dropout: p, layout }: AttentionPlace,
  adaptation: Adaptation,
): Tensor {
  const C = x.shape.at(-1) as number;
  const [q, ...own] = projected(g, x, names, adaptation, { bias, layout }) as [Tensor, Tensor, Tensor];
  const { projections } = names;
  if (cache && !causal) refuseWithoutMask(g.path);
  const { key_lengths, ...seen } = cache ? kept(g, cache, ...own) : { k: own[0], v: own[1] }; // [B, S, C]
  const [k, v] = g.scope('attention.self', () => adaptation.keysAndValues?.(g, seen.k, seen.v) ?? [seen.k, seen.v]); // [B, P + S, C]
  const context = beside(g, 'joined' in projections ? projections.joined : projections.query, () => {
    const prefix = (k.shape[1] as number) - (seen.k.shape[1] as number);
    // The newest token sees all that the cache has.
    const mask = key_lengths ? { key_lengths } : { causal };
    const { out, lse } = attentionWithLse(g, q, k, v, lengths, { num_attention_heads, dropout: p.probabilities, prefix, ...mask });
    adaptation.attended?.({ q, k, lse, lengths, causal });
    return out; // [B, T, C]
  });
  const y = dense(g, names.output, context, C, adaptation, { layout });
  const dropped = beside(g, names.output, () => dropout(g, y, p.output, 'dropout'));
  return g.scope('attention.output', () => adaptation.attentionOutput?.(g, dropped) ?? dropped);
}

/** An earlier stack's result. */
export interface Given {
  /** [B, S, C]; left out where the cache has what was made of it. */
  readonly hidden: Tensor | undefined;
  readonly lengths: Tensor; // [B]
  readonly cache: KeyValueCache | undefined;
}

/**
 * Attention of x [B, T, C] to an earlier stack's `hidden` [B, S, C] with its output projection -> [B, T, C], before the residual. Its dense layers offer
 * themselves to the method; what a method adds to a self-attention has no place here.
 */
export function crossAttention(
  g: Graph,
  x: Tensor,
  { hidden, lengths, cache }: Given,
  { projections, output }: AttentionNames,
  { num_attention_heads, dropout: p, layout }: AttentionPlace,
  adaptation: Adaptation,
): Tensor {
  if ('joined' in projections) throw new Error('cross-attention: queries and keys are made of two tensors, by one matrix each');
  const C = x.shape.at(-1) as number;
  const { query, key, value } = projections;
  const q = dense(g, query, x, C, adaptation, { layout }); // [B, T, C]
  const made = () => [key, value].map((name) => dense(g, name, hidden as Tensor, C, adaptation, { layout }));
  const [k, v] = (cache ? keptOnce(g, cache, made) : made()) as [Tensor, Tensor]; // [B, S, C]
  const context = beside(g, query, () =>
    attention(g, q, k, v, lengths, { num_attention_heads, dropout: p.probabilities, key_lengths: lengths }),
  ); // [B, T, C]
  const y = dense(g, output, context, C, adaptation, { layout });
  return beside(g, output, () => dropout(g, y, p.output, 'dropout'));
}

export interface FeedForwardNames {
  readonly inner: string;
  readonly outer: string;
}

export interface FeedForwardPlace {
  readonly intermediate_size: number;
  readonly activation: Activation;
  /** Dropout between the two, and on the output. */
  readonly dropout: { readonly inner: number; readonly output: number };
  readonly layout?: 'transposed' | undefined;
}

/** The feed-forward pair x [.., C] -> [.., I] -> [.., C], before the residual. */
export function feedForward(
  g: Graph,
  x: Tensor,
  lengths: Tensor,
  { inner, outer }: FeedForwardNames,
  { intermediate_size, activation, dropout: p, layout }: FeedForwardPlace,
  adaptation: Adaptation,
): Tensor {
  const C = x.shape.at(-1) as number;
  const wide = dense(g, inner, x, intermediate_size, adaptation, { activation, layout }); // [.., I]
  const between = beside(g, inner, () => dropout(g, wide, p.inner, 'activation_dropout'));
  const y = dense(g, outer, between, C, adaptation, { layout }); // [.., C]
  const dropped = beside(g, outer, () => dropout(g, y, p.output, 'dropout'));
  return adaptation.ffn?.(g, x, dropped, lengths) ?? dropped;
}
