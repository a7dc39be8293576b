// What a side network takes from a frozen layer's attention: the probabilities, made again from queries, keys and log-sum-exp and averaged over
// the heads, and the mixing of its own states by them. A backbone that is frozen has no gradient here: only the mixed states have one.
// Not here: the backbone's own attention, which never holds a [T, T] tensor (attention.ts).

import type { Attributes, Graph, Op, Tensor } from '../ir.ts';

type ProbabilitiesAttributes = Attributes & { readonly NH: number; readonly first: number; readonly causal: boolean };

const probabilitiesOp: Op<ProbabilitiesAttributes> = {
  name: 'attention_probabilities',
  shapes([q, k, lse], { NH }) {
    const [B, T, C] = (q as Tensor).shape as [number, number, number];
    if (k?.shape.join() !== q?.shape.join()) throw new Error(`attention_probabilities: keys [${k?.shape}] for queries [${q?.shape}]`);
    if (lse?.shape.join() !== `${B},${NH},${T}`) throw new Error(`attention_probabilities: log-sum-exp [${lse?.shape}] for ${NH} heads`);
    if (C % (4 * NH) !== 0) throw new Error(`attention_probabilities: ${NH} heads in width ${C}`);
    return [{ shape: [B, T, T] }];
  },
  lower({ inputs, outputs, attributes }) {
    const { NH, first, causal } = attributes as ProbabilitiesAttributes;
    const [q, k, lse, lengths] = inputs as [Tensor, Tensor, Tensor, Tensor];
    const [B, T, C] = q.shape as [number, number, number];
    const HD = C / NH;
    return [
      {
        kernel: 'attention_probabilities',
        tensors: { q, k, lse, lengths, p: outputs[0] },
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
export const attentionProbabilities = (
  g: Graph,
  {
    q,
    k,
    lse,
    lengths,
    causal = false,
  }: { readonly q: Tensor; readonly k: Tensor; readonly lse: Tensor; readonly lengths: Tensor; readonly causal?: boolean },
): Tensor => g.apply1(probabilitiesOp, [q, k, lse, lengths], { NH: lse.shape[1] as number, first: g.firstExample, causal });

const mixOp: Op<Attributes & { readonly transposed: boolean }> = {
  name: 'token_mix',
  shapes([p, x]) {
    const [B, T, C] = (x as Tensor).shape as [number, number, number];
    if (p?.shape.join() !== `${B},${T},${T}`) throw new Error(`token_mix: weights [${p?.shape}] for [${x?.shape}]`);
    if (C % 4 !== 0) throw new Error(`token_mix: width ${C} is not a multiple of 4`);
    return [{ shape: (x as Tensor).shape }];
  },
  vjp: ({ g, node, d_outputs, needs }) => [
    undefined,
    needs(1) ? g.apply1(mixOp, [node.inputs[0], d_outputs[0]], { transposed: !node.attributes['transposed'] }) : undefined,
  ],
  lower({ inputs, outputs, attributes }) {
    const [p, x] = inputs as [Tensor, Tensor];
    const [B, T, C] = x.shape as [number, number, number];
    return [
      {
        kernel: 'token_mix',
        tensors: { p, x, y: outputs[0] },
        uniforms: { B, T, C },
        overrides: { TRANSPOSED: attributes['transposed'] ? 1 : 0 },
      },
    ];
  },
};

/** y[b, t, :] = sum over s of p[b, t, s] · x[b, s, :], p [B, T, T], x [B, T, C]. p is a constant. */
export const mixTokens = (g: Graph, p: Tensor, x: Tensor): Tensor => g.apply1(mixOp, [p, x], { transposed: false });
