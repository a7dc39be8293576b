// References of softmax attention and of its gradients, by rows of probabilities. Layout of q, out: [B, T, NH, HD]; of k, v: [B, S, NH, HD].
import { dropoutFactor } from './activation.ts';
import { add, at, type Reference, type Step } from './kernel.ts';

interface Shape {
  readonly B: number;
  readonly T: number;
  /** Keys: `prefix` that every query sees, and those of tokens. */
  readonly S: number;
  readonly prefix: number;
  readonly NH: number;
  /** Number of the first example here in the slice of a batch that lengths are of. */
  readonly first: number;
}

/** CROSS: keys of other tokens than the queries, so that every query is worked out. */
interface Mask {
  readonly CAUSAL?: number;
  readonly CROSS?: number;
}

/** Calls `visit` for each query row: number in [B, NH, T], offset of its vector, keys that it sees, the offset of key j's vector, and the element of dropout at key 0. */
function forRows(
  { B, T, S, prefix, NH, first }: Shape,
  HD: number,
  lengths: Float64Array,
  { CAUSAL = 0, CROSS = 0 }: Mask,
  visit: (row: number, own: number, end: number, keyAt: (j: number) => number, drawn: number) => void,
): void {
  for (let b = 0; b < B; b++) {
    const length = Math.min(at(lengths, first + b), S - prefix);
    for (let head = 0; head < NH; head++) {
      const vectorAt = (t: number) => ((b * T + t) * NH + head) * HD;
      const keyAt = (j: number) => ((b * S + j) * NH + head) * HD;
      for (let i = 0; i < T; i++) {
        const end = !CROSS && i >= length ? 0 : prefix + (CAUSAL ? i + 1 : length);
        visit((b * NH + head) * T + i, vectorAt(i), end, keyAt, (((first + b) * NH + head) * T + i) * S);
      }
    }
  }
}

/** Factors of dropout by an element's number in the slice of a batch that lengths are of. */
function maskOf(
  { T, S, NH, site, p }: Omit<Shape, 'first'> & { readonly site: number; readonly p: number },
  step: Step,
): (element: number) => number {
  const factor = dropoutFactor(step, site, p);
  return (element) => factor(step.first_example * NH * T * S + element);
}

function dot(x: Float64Array, i: number, y: Float64Array, j: number, size: number): number {
  let sum = 0;
  for (let c = 0; c < size; c++) sum += at(x, i + c) * at(y, j + c);
  return sum;
}

export const attention: Reference<'attention'> = ({ q, k, v, lengths, out, lse }, uniforms, mask, step, HD) => {
  const { scale } = uniforms;
  const factor = maskOf(uniforms, step);
  forRows(uniforms, HD, lengths, mask, (row, own, end, keyAt, drawn) => {
    const scores = Array.from({ length: end }, (_, j) => scale * dot(q, own, k, keyAt(j), HD));
    const top = scores.reduce((a, b) => Math.max(a, b), -Infinity);
    const total = scores.reduce((sum, score) => sum + Math.exp(score - top), 0);
    lse[row] = end ? top + Math.log(total) : 0;
    out.fill(0, own, own + HD);
    scores.forEach((score, j) => {
      const probability = (Math.exp(score - top) / total) * factor(drawn + j);
      for (let c = 0; c < HD; c++) add(out, own + c, probability * at(v, keyAt(j) + c));
    });
  });
};

export const attention_backward_q: Reference<'attention_backward_q'> = (tensors, uniforms, { DELTA_ONLY = 0, ...mask }, step, HD) => {
  const { q, k, v, d_out, lse, delta, lengths, d_q } = tensors;
  const { scale } = uniforms;
  const factor = maskOf(uniforms, step);
  forRows(uniforms, HD, lengths, mask, (row, own, end, keyAt, drawn) => {
    delta[row] = dot(d_q, own, d_out, own, HD);
    if (DELTA_ONLY) return;
    d_q.fill(0, own, own + HD);
    for (let j = 0; j < end; j++) {
      const probability = Math.exp(scale * dot(q, own, k, keyAt(j), HD) - at(lse, row));
      const d_score = probability * (factor(drawn + j) * dot(d_out, own, v, keyAt(j), HD) - at(delta, row));
      for (let c = 0; c < HD; c++) add(d_q, own + c, scale * d_score * at(k, keyAt(j) + c));
    }
  });
};

export const attention_backward_kv: Reference<'attention_backward_kv'> = (tensors, uniforms, mask, step, HD) => {
  const { q, k, v, d_out, lse, delta, lengths } = tensors;
  const { scale } = uniforms;
  const factor = maskOf(uniforms, step);
  const d_k = new Float64Array(k.length);
  const d_v = new Float64Array(v.length);
  forRows(uniforms, HD, lengths, mask, (row, own, end, keyAt, drawn) => {
    for (let j = 0; j < end; j++) {
      const kept = factor(drawn + j);
      const probability = Math.exp(scale * dot(q, own, k, keyAt(j), HD) - at(lse, row));
      const d_score = probability * (kept * dot(d_out, own, v, keyAt(j), HD) - at(delta, row));
      for (let c = 0; c < HD; c++) {
        add(d_k, keyAt(j) + c, scale * d_score * at(q, own + c));
        add(d_v, keyAt(j) + c, kept * probability * at(d_out, own + c));
      }
    }
  });
  k.set(d_k);
  v.set(d_v);
};
