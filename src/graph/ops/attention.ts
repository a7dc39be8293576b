// attention: softmax(q kᵀ · scale, keys past lengths[b] masked) with dropout on the probabilities, times v. Keys and values may begin with a prefix
// that every query sees. Fused forward and backward; no [T, T] tensor exists. Kept for the gradient: q, k, v, the output and the log-sum-exp of each row.

import type { Attributes, Graph, Op, Tensor } from '../ir.ts';

type AttentionAttributes = Attributes & {
  readonly B: number;
  readonly T: number;
  /** Keys: S - T that every query sees, and those of the T tokens. */
  readonly S: number;
  readonly NH: number;
  /** Number in the batch of the first example; lengths are the whole batch's. */
  readonly first: number;
  readonly HD: number;
  readonly scale: number;
  readonly p: number;
  readonly site: number;
  readonly causal: boolean;
};

/** What the kernels have room for. */
export const mostHeadSize = 128;

const uniformsOf = ({ B, T, S, NH, first, scale, p, site }: AttentionAttributes) => ({ B, T, S, NH, first, scale, p, site });

const attentionOp: Op<AttentionAttributes> = {
  name: 'attention',
  shapes([q, k, v], { B, T, S, NH, HD }) {
    const check = (x: Tensor | undefined, rows: number) => {
      if (x?.shape.join() !== `${B},${rows},${NH * HD}`) throw new Error(`attention: [${x?.shape}] for [${B}, ${rows}, ${NH}·${HD}]`);
    };
    check(q, T);
    check(k, S);
    check(v, S);
    if (S < T) throw new Error(`attention: ${S} keys for ${T} queries`);
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
        overrides: { CAUSAL: a.causal ? 1 : 0 },
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
        overrides: { CAUSAL: a.causal ? 1 : 0 },
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
        overrides: { CAUSAL: a.causal ? 1 : 0 },
        headSize: a.HD,
      },
    ];
  },
};

export interface AttentionOptions {
  readonly num_attention_heads: number;
  readonly dropout: number;
  readonly causal?: boolean;
}

/**
 * out [B, T, C] of q [B, T, C] and k, v [B, P + T, C] with C = heads · head size, P keys that every query sees, and lengths (of the T tokens) of the
 * whole batch; dropout's random stream is the module path. `lse` [B, heads, T] is the log of each row's sum of exponentials, for those who want
 * the probabilities again.
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
  const p = g.training ? options.dropout : 0;
  const attributes = {
    B,
    T,
    S: k.shape[1] as number,
    NH,
    first: g.firstExample,
    HD,
    scale: 1 / Math.sqrt(HD),
    p,
    site: g.site('attention_probs'),
    causal: options.causal ?? false,
  };
  const [out, lse] = g.apply(attentionOp, [q, k, v, lengths], attributes);
  return { out: out as Tensor, lse: lse as Tensor };
}

/** As `attentionWithLse`, the output alone. */
export const attention = (...call: Parameters<typeof attentionWithLse>): Tensor => attentionWithLse(...call).out;
