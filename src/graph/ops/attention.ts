// attention: softmax(q kᵀ · scale, keys past lengths[b] masked) with dropout on the probabilities, times v. Keys and values may begin with a prefix
// that every query sees, and may be those of other tokens than the queries (cross-attention). Fused forward and backward; no [T, T] tensor exists.
// Kept for the gradient: q, k, v, the output and the log-sum-exp of each row.

import type { Attributes, Graph, Op, Tensor } from '../ir.ts';

type AttentionAttributes = Attributes & {
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

const uniformsOf = ({ B, T, S, prefix, NH, first, scale, p, site }: AttentionAttributes) => ({
  B,
  T,
  S,
  prefix,
  NH,
  first,
  scale,
  p,
  site,
});

const overridesOf = ({ causal, cross }: AttentionAttributes) => ({ CAUSAL: causal ? 1 : 0, CROSS: cross ? 1 : 0 });

const attentionOp: Op<AttentionAttributes> = {
  name: 'attention',
  shapes([q, k, v], { B, T, S, prefix, NH, HD, causal, cross }) {
    const check = (x: Tensor | undefined, rows: number) => {
      if (x?.shape.join() !== `${B},${rows},${NH * HD}`) throw new Error(`attention: [${x?.shape}] for [${B}, ${rows}, ${NH}·${HD}]`);
    };
    check(q, T);
    check(k, S);
    check(v, S);
    if (prefix < 0 || (cross ? S < prefix : S !== prefix + T))
      throw new Error(`attention: ${S} keys, ${prefix} of a prefix, for ${T} queries`);
    if (causal && cross) throw new Error('attention: a causal mask over the keys of other tokens than the queries');
    if (HD % 4 !== 0 || HD > mostHeadSize) throw new Error(`attention: head size ${HD} is not a multiple of 4 up to ${mostHeadSize}`);
    return [{ shape: (q as Tensor).shape }, { shape: [B, NH, T] }];
  },
  vjp({ g, node, d_outputs, needs }) {
    const attributes = node.attributes as AttentionAttributes;
    const [q, k, v, lengths] = node.inputs as [Tensor, Tensor, Tensor, Tensor];
    const [out, lse] = node.outputs as [Tensor, Tensor];
    const d_out = d_outputs[0] as Tensor;
    const delta = g.apply1(deltaOp, [out, d_out], attributes);
    const d_q = needs(0) ? g.apply1(backwardQOp, [q, k, v, d_out, lse, delta, lengths], attributes) : undefined;
    if (!needs(1) && !needs(2)) return [d_q];
    const [d_k, d_v] = g.apply(backwardKvOp, [q, k, v, d_out, lse, delta, lengths], attributes);
    return [d_q, needs(1) ? d_k : undefined, needs(2) ? d_v : undefined];
  },
  lower({ inputs, outputs, attributes }) {
    const a = attributes as AttentionAttributes;
    const [q, k, v, lengths] = inputs;
    const [out, lse] = outputs;
    return [
      {
        kernel: 'attention',
        tensors: { q, k, v, lengths, out, lse },
        uniforms: uniformsOf(a),
        overrides: overridesOf(a),
        headSize: a.HD,
      },
    ];
  },
};

const deltaOp: Op<AttentionAttributes> = {
  name: 'attention_delta',
  shapes: (_, { B, T, NH }) => [{ shape: [B, NH, T] }],
  lower({ inputs, outputs, attributes }) {
    const a = attributes as AttentionAttributes;
    const [out, d_out] = inputs;
    return [
      {
        kernel: 'attention_delta',
        tensors: { out, d_out, delta: outputs[0] },
        uniforms: { B: a.B, T: a.T, NH: a.NH },
        headSize: a.HD,
      },
    ];
  },
};

const backwardQOp: Op<AttentionAttributes> = {
  name: 'attention_backward_q',
  shapes: ([q]) => [{ shape: (q as Tensor).shape }],
  lower({ inputs, outputs, attributes }) {
    const a = attributes as AttentionAttributes;
    const [q, k, v, d_out, lse, delta, lengths] = inputs;
    return [
      {
        kernel: 'attention_backward_q',
        tensors: { q, k, v, d_out, lse, delta, lengths, d_q: outputs[0] },
        uniforms: uniformsOf(a),
        overrides: overridesOf(a),
        headSize: a.HD,
      },
    ];
  },
};

const backwardKvOp: Op<AttentionAttributes> = {
  name: 'attention_backward_kv',
  shapes: ([, k, v]) => [{ shape: (k as Tensor).shape }, { shape: (v as Tensor).shape }],
  inPlace: () => [
    [0, 1],
    [1, 2],
  ],
  lower({ inputs, outputs, attributes }) {
    const a = attributes as AttentionAttributes;
    const [q, , , d_out, lse, delta, lengths] = inputs;
    return [
      {
        kernel: 'attention_backward_kv',
        tensors: { q, k: outputs[0], v: outputs[1], d_out, lse, delta, lengths },
        uniforms: uniformsOf(a),
        overrides: overridesOf(a),
        headSize: a.HD,
      },
    ];
  },
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
  const [out, lse] = g.apply(attentionOp, [q, k, v, options.key_lengths ?? lengths], attributes);
  return { out: out as Tensor, lse: lse as Tensor };
}

/** As `attentionWithLse`, the output alone. */
export const attention = (...call: Parameters<typeof attentionWithLse>): Tensor => attentionWithLse(...call).out;
