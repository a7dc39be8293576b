// Cases of attention, forward and backward. The backward kernels get the lse and delta of random vectors and not of a true forward pass;
// that the three fit together is tested by finite differences of the references.
import { type KernelCase, normals, unset } from './case.ts';

interface Variant {
  readonly CAUSAL: number;
  readonly p: number;
}

const allVariants: readonly Variant[] = [
  { CAUSAL: 0, p: 0 },
  { CAUSAL: 1, p: 0 },
  { CAUSAL: 0, p: 0.25 },
];

interface AttentionShape {
  readonly name: string;
  readonly B: number;
  readonly T: number;
  /** Keys before those of the tokens. */
  readonly P: number;
  /** Tokens of cross-attention; left out: the queries' own. */
  readonly keys?: number;
  readonly NH: number;
  readonly HD: number;
  readonly lengths: readonly number[];
  /** Left out: all. */
  readonly variants?: readonly Variant[];
}

/** Long sequences at the head sizes that models have: few queries over many keys, and few keys under many queries. */
const long = [32, 64, 80, 96, 128].flatMap((HD): AttentionShape[] => {
  const shared = { B: 1, P: 0, NH: 1, HD, variants: [{ CAUSAL: 0, p: 0.25 }] };
  return [
    { ...shared, name: `2,048 other tokens, heads of ${HD}`, T: 3, keys: 2048, lengths: [2047] },
    { ...shared, name: `2,048 queries of few other tokens, heads of ${HD}`, T: 2048, keys: 3, lengths: [3] },
  ];
});

const shapes: readonly AttentionShape[] = [
  ...long,
  {
    name: 'ten tiles of a causal mask, after a prefix',
    B: 1,
    T: 300,
    P: 6,
    NH: 1,
    HD: 32,
    lengths: [297],
    variants: [{ CAUSAL: 1, p: 0.25 }],
  },
  { name: 'one row', B: 1, T: 1, P: 0, NH: 1, HD: 4, lengths: [1] },
  { name: 'ragged, one empty', B: 3, T: 9, P: 0, NH: 3, HD: 32, lengths: [9, 0, 4] },
  { name: 'exactly one workgroup', B: 2, T: 8, P: 0, NH: 4, HD: 4, lengths: [8, 5] },
  { name: 'one row after a prefix of one', B: 1, T: 1, P: 1, NH: 1, HD: 4, lengths: [1] },
  { name: 'a ragged prefix, one example empty', B: 3, T: 9, P: 5, NH: 3, HD: 32, lengths: [9, 0, 4] },
  { name: 'a prefix longer than the text', B: 2, T: 3, P: 70, NH: 2, HD: 32, lengths: [3, 2] },
  { name: 'one other token', B: 1, T: 1, P: 0, keys: 1, NH: 1, HD: 4, lengths: [1] },
  { name: 'more other tokens than queries, one example empty', B: 3, T: 5, P: 0, keys: 11, NH: 3, HD: 32, lengths: [11, 0, 4] },
  { name: 'fewer other tokens than queries', B: 2, T: 9, P: 0, keys: 2, NH: 2, HD: 4, lengths: [2, 1] },
  { name: 'several workgroups of other tokens, with a prefix', B: 2, T: 37, P: 6, keys: 50, NH: 2, HD: 32, lengths: [50, 33] },
  { name: 'several workgroups', B: 2, T: 40, P: 6, NH: 2, HD: 32, lengths: [40, 33] },
];

export const attentionCases: readonly KernelCase[] = shapes.flatMap(
  ({ name, B, T, P, keys: tokens, NH, HD, lengths, variants = allVariants }) =>
    variants.flatMap(({ CAUSAL, p }): KernelCase[] => {
      const CROSS = tokens === undefined ? 0 : 1;
      if (CAUSAL && CROSS) return [];
      const S = P + (tokens ?? T);
      const size = B * T * NH * HD;
      const keys = B * S * NH * HD;
      const rows = B * NH * T;
      const shared = {
        name: `${name} CAUSAL=${CAUSAL} p=${p}`,
        uniforms: { B, T, S, prefix: P, NH, first: 1, scale: 1 / Math.sqrt(HD), site: 77, p },
        overrides: { CAUSAL, CROSS },
        step: { seed: 5, micro_step: 3, first_example: 2 },
        headSize: HD,
        tolerance: 2e-5,
      };
      const qkv = { q: normals('q', size), k: normals('k', keys), v: normals('v', keys), lengths: Uint32Array.of(1, ...lengths) };
      // Above every score, as a true lse is: the probabilities stay at or below 1.
      const given = {
        d_out: normals('d_out', size),
        lse: normals('lse', rows).map((value) => Math.abs(value) + 6),
        delta: normals('delta', rows),
      };
      return [
        { ...shared, kernel: 'attention', tensors: { ...qkv, out: unset(size), lse: unset(rows) } },
        ...[0, 1].map(
          (DELTA_ONLY): KernelCase => ({
            ...{ ...shared, kernel: 'attention_backward_q', overrides: { CAUSAL, CROSS, DELTA_ONLY } },
            tensors: { ...qkv, ...given, d_q: normals('out', size) },
          }),
        ),
        { ...shared, kernel: 'attention_backward_kv', tensors: { ...qkv, ...given } },
      ];
    }),
);
