// attention: softmax(q kᵀ · scale, keys past lengths[b] masked) with dropout on the probabilities, times v. Keys and values may begin with a prefix
// that every query sees, and may be those of other tokens than the queries (cross-attention). Fused forward and backward; no [T, T] tensor exists.
// Kept for the gradient: q, k, v, the output and the log-sum-exp of each row.

import type { Graph } from '../graph.ts';
import type { KernelCall, Op } from '../op.ts';
import type { Tensor } from '../tensor.ts';

type AttentionAttributes = {
  readonly B: number;
  readonly T: number;
  /** Keys: `prefix` that every query sees, and those of tokens. */
  readonly S: number;
  readonly prefix: number;
  readonly NH: number;
  /** Number in the batch of the first example; lengths are the whole batch's. */
  readonly first: number;
  readonly HD: number;
  readonly scale: number;
  readonly p: number;
  readonly site: number;
  readonly causal: boolean;
  /** The keys are those of other tokens than the queries; lengths are theirs. */
  readonly cross: boolean;
};

/** What the kernels have room for. */
export const mostHeadSize = 128;

type AttentionInputs = {
  readonly q: Tensor; // [B, T, C]
  readonly k: Tensor; // [B, S, C]
  readonly v: Tensor; // [B, S, C]
  readonly lengths: Tensor; // [whole batch]: tokens of each example; for `cross` those of the keys
};

type AttentionOutputs = {
  readonly out: Tensor; // [B, T, C]
  readonly lse: Tensor; // [B, NH, T]
};

/** What a gradient of attention reads. */
type BackwardInputs = AttentionInputs & {
  readonly d_out: Tensor; // [B, T, C]
  readonly lse: Tensor; // [B, NH, T]
};

type BackwardQInputs = BackwardInputs & { readonly out: Tensor }; // [B, T, C]
type BackwardKvInputs = BackwardInputs & { readonly delta: Tensor }; // [B, NH, T]

/** A dispatch over queries or keys of all heads. */
const callOf = (
  kernel: 'attention' | 'attention_backward_q' | 'attention_backward_kv',
  tensors: KernelCall['tensors'],
  { B, T, S, prefix, NH, first, scale, p, site, causal, cross, HD }: AttentionAttributes,
): KernelCall => ({
  kernel,
  tensors,
  uniforms: { B, T, S, prefix, NH, first, scale, p, site },
  overrides: { CAUSAL: causal ? 1 : 0, CROSS: cross ? 1 : 0 },
  headSize: HD,
});

const attentionOp: Op<AttentionInputs, AttentionOutputs, AttentionAttributes> = {
  name: 'attention',
  shapes({ q, k, v }, { B, T, S, prefix, NH, HD, causal, cross }) {
    const check = ({ shape }: Tensor, rows: number) => {
      if (shape.join() !== `${B},${rows},${NH * HD}`) throw new Error(`attention: [${shape}] for [${B}, ${rows}, ${NH}·${HD}]`);
    };
    check(q, T);
    check(k, S);
    check(v, S);
    if (prefix < 0 || (cross ? S < prefix : S !== prefix + T))
      throw new Error(`attention: ${S} keys, ${prefix} of a prefix, for ${T} queries`);
    if (causal && cross) throw new Error('attention: a causal mask over the keys of other tokens than the queries');
    if (HD % 4 !== 0 || HD > mostHeadSize) throw new Error(`attention: head size ${HD} is not a multiple of 4 up to ${mostHeadSize}`);
    return { out: { shape: q.shape }, lse: { shape: [B, NH, T] } };
  },
  vjp({ g, inputs, outputs: { out, lse }, attributes, d, needs }) {
    const d_out = d('out'); // [B, T, C]
    const given = { ...inputs, d_out, lse };
    const { d_q: q, delta } = g.apply(backwardQOp, { ...given, out }, { ...attributes, wanted: needs('q') }); // [B, T, C], [B, NH, T]
    if (!needs('k') && !needs('v')) return { q };
    const { d_k, d_v } = g.apply(backwardKvOp, { ...given, delta }, attributes); // [B, S, C]
    return { q, k: needs('k') ? d_k : undefined, v: needs('v') ? d_v : undefined };
  },
  lower: ({ inputs, outputs, attributes }) => [callOf('attention', { ...inputs, ...outputs }, attributes)],
};

/** delta [B, NH, T] is the sum of out · d_out over each head, which the gradients of keys and values read too. */
const backwardQOp: Op<
  BackwardQInputs,
  { readonly d_q: Tensor | undefined; readonly delta: Tensor },
  AttentionAttributes & { readonly wanted: boolean }
> = {
  name: 'attention_backward_q',
  shapes: ({ q, lse }, { wanted }) => ({ d_q: wanted ? { shape: q.shape } : undefined, delta: { shape: lse.shape } }),
  inPlace: ({ wanted }) => (wanted ? [['d_q', 'out']] : []),
  lower({ inputs: { out, ...inputs }, outputs: { d_q, delta }, attributes: { wanted, ...attributes } }) {
    const call = callOf('attention_backward_q', { ...inputs, delta, d_q: d_q ?? out }, attributes);
    return [{ ...call, overrides: { ...call.overrides, DELTA_ONLY: wanted ? 0 : 1 } }];
  },
};

const backwardKvOp: Op<BackwardKvInputs, { readonly d_k: Tensor; readonly d_v: Tensor }, AttentionAttributes> = {
  name: 'attention_backward_kv',
  shapes: ({ k, v }) => ({ d_k: { shape: k.shape }, d_v: { shape: v.shape } }),
  inPlace: () => [
    ['d_k', 'k'],
    ['d_v', 'v'],
  ],
  lower: ({ inputs, outputs: { d_k, d_v }, attributes }) => [callOf('attention_backward_kv', { ...inputs, k: d_k, v: d_v }, attributes)],
};

export interface AttentionOptions {
  readonly num_attention_heads: number;
  readonly dropout: number;
  /** A query sees no key after its own. */
  readonly causal?: boolean;
  /** Lengths of other tokens than the queries, whose the keys are; each query then sees all of them, whatever the queries' lengths. */
  readonly key_lengths?: Tensor;
  /** Keys before those of the tokens, which every query sees; left out: as many as there are more keys than queries, and none before `key_lengths`. */
  readonly prefix?: number;
}

/**
 * out [B, T, C] of q [B, T, C] and k, v [B, P + T, C] with C = heads · head size, P keys that every query sees, and lengths (of the T tokens) of the
 * whole batch. With `key_lengths` k and v are [B, P + S, C], of S other tokens, and lengths count for nothing: rows of `out` past them are worked out,
 * and nobody reads them. Dropout's random stream is the module path. `lse` [B, heads, T] is the log of each row's sum of exponentials, for those who
 * want the probabilities again.
 */
export function attentionWithLse(
  g: Graph,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  lengths: Tensor,
  options: AttentionOptions,
): { out: Tensor; lse: Tensor } {
  const [B, T, C] = q.shape as [number, number, number];
  const NH = options.num_attention_heads;
  const HD = C / NH;
  const S = k.shape[1] as number;
  const cross = options.key_lengths !== undefined;
  const attributes = {
    B,
    T,
    S,
    prefix: options.prefix ?? (cross ? 0 : S - T),
    NH,
    first: g.firstExample,
    HD,
    scale: 1 / Math.sqrt(HD),
    p: g.training ? options.dropout : 0,
    site: g.site('attention_probs'),
    causal: options.causal ?? false,
    cross,
  };
  return g.apply(attentionOp, { q, k, v, lengths: options.key_lengths ?? lengths }, attributes);
}

/** As `attentionWithLse`, the output alone. */
export const attention = (...call: Parameters<typeof attentionWithLse>): Tensor => attentionWithLse(...call).out;
