// What a side network takes from a frozen layer's attention: the probabilities, made again from queries, keys and log-sum-exp and averaged over
// the heads, and the mixing of its own states by them. A backbone that is frozen has no gradient here: only the mixed states have one.
// Not here: the backbone's own attention, which never holds a [T, T] tensor (attention.ts).

import type { Graph } from '../graph.ts';
import type { Op } from '../op.ts';
import type { Tensor } from '../tensor.ts';

type ProbabilitiesInputs = {
  readonly q: Tensor; // [B, T, C]
  readonly k: Tensor; // [B, T, C]
  readonly lse: Tensor; // [B, NH, T]
  readonly lengths: Tensor; // of the whole batch
};

type ProbabilitiesAttributes = { readonly NH: number; readonly first: number; readonly causal: boolean };

const probabilitiesOp: Op<ProbabilitiesInputs, { readonly p: Tensor }, ProbabilitiesAttributes> = {
  name: 'attention_probabilities',
  shapes({ q, k, lse }, { NH }) {
    const [B, T, C] = q.shape as [number, number, number];
    if (k.shape.join() !== q.shape.join()) throw new Error(`attention_probabilities: keys [${k.shape}] for queries [${q.shape}]`);
    if (lse.shape.join() !== `${B},${NH},${T}`) throw new Error(`attention_probabilities: log-sum-exp [${lse.shape}] for ${NH} heads`);
    if (C % (4 * NH) !== 0) throw new Error(`attention_probabilities: ${NH} heads in width ${C}`);
    return { p: { shape: [B, T, T] } };
  },
  lower({ inputs, outputs, attributes: { NH, first, causal } }) {
    const [B, T, C] = inputs.q.shape as [number, number, number];
    const HD = C / NH;
    return [
      {
        kernel: 'attention_probabilities',
        tensors: { ...inputs, ...outputs },
        uniforms: { B, T, NH, first, scale: 1 / Math.sqrt(HD) },
        overrides: { CAUSAL: causal ? 1 : 0 },
        headSize: HD,
      },
    ];
  },
};

/**
 * p [B, T, T]: the attention probabilities of q, k [B, T, C] with log-sum-exp lse [B, heads, T], averaged over the heads, without dropout; zero
 * for queries and keys past lengths (of the whole batch), and where attention is causal for keys after the query.
 */
export const attentionProbabilities = (g: Graph, { causal, ...inputs }: ProbabilitiesInputs & { readonly causal: boolean }): Tensor =>
  g.apply(probabilitiesOp, inputs, { NH: inputs.lse.shape[1] as number, first: g.firstExample, causal }).p;

type MixInputs = {
  readonly p: Tensor; // [B, T, T]
  readonly x: Tensor; // [B, T, C]
};

const mixOp: Op<MixInputs, { readonly y: Tensor }, { readonly transposed: boolean }> = {
  name: 'token_mix',
  shapes({ p, x }) {
    const [B, T, C] = x.shape as [number, number, number];
    if (p.shape.join() !== `${B},${T},${T}`) throw new Error(`token_mix: weights [${p.shape}] for [${x.shape}]`);
    if (C % 4 !== 0) throw new Error(`token_mix: width ${C} is not a multiple of 4`);
    return { y: { shape: x.shape } };
  },
  vjp: ({ g, inputs: { p }, attributes: { transposed }, d, needs }) => ({
    x: needs('x') ? g.apply(mixOp, { p, x: d('y') }, { transposed: !transposed }).y : undefined,
  }),
  lower({ inputs, outputs, attributes: { transposed } }) {
    const [B, T, C] = inputs.x.shape as [number, number, number];
    return [
      {
        kernel: 'token_mix',
        tensors: { ...inputs, ...outputs },
        uniforms: { B, T, C },
        overrides: { TRANSPOSED: transposed ? 1 : 0 },
      },
    ];
  },
};

/** y[b, t, :] = sum over s of p[b, t, s] · x[b, s, :], p [B, T, T], x [B, T, C]. p is a constant. */
export const mixTokens = (g: Graph, p: Tensor, x: Tensor): Tensor => g.apply(mixOp, { p, x }, { transposed: false }).y;
