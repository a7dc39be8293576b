// The factors of a batch's gradients as weighted lists of tokens: one entry for each active pair of a token and a neuron, or of a token and an expert.

import type { Routing } from './routing.ts';
import type { Floats } from './rows.ts';

export interface Entries {
  readonly count: number;
  /** Slot of the neuron, or expert. */
  readonly of: Uint32Array;
  /** Index in `routing.tokens`. */
  readonly tokens: Uint32Array;
}

export interface NeuronEntries extends Entries {
  /** ReLU's value: weight of d_out in the value's gradient. */
  readonly z: Floats;
  /** Weight of h in the key's gradient. */
  readonly u: Floats;
}

export interface ExpertEntries extends Entries {
  /** Weight of h in the gradient of the router's row. */
  readonly weights: Floats;
}

const numbersLike = (x: Floats, count: number): Floats => new (x.constructor as Float32ArrayConstructor)(count);

/** Own entries of each token; u [.., activated] as the GPU gives it, without the expert's score. */
export function tokenEntries({ tokens, counts, slots, coefficients, scores }: Routing, u: Floats, activated: number): NeuronEntries {
  const count = counts.reduce((sum, own) => sum + own, 0);
  const entries = { of: new Uint32Array(count), tokens: new Uint32Array(count), z: numbersLike(u, count), u: numbersLike(u, count) };
  let at = 0;
  for (const [i, n] of tokens.entries()) {
    for (let k = 0; k < (counts[i] as number); k++, at++) {
      const from = i * activated + k;
      const s = coefficients[from] as number;
      entries.of[at] = slots[from] as number;
      entries.tokens[at] = i;
      entries.z[at] = s * (scores[from] as number);
      entries.u[at] = s * (u[n * activated + k] as number);
    }
  }
  return { count, ...entries };
}

/** Every token with every slot whose q = k · h is positive; u, q [.., columns]. */
export function unionEntries({ tokens, rows }: Routing, u: Floats, q: Floats, columns: number): NeuronEntries {
  const most = tokens.length * rows.length;
  const entries = { of: new Uint32Array(most), tokens: new Uint32Array(most), z: numbersLike(u, most), u: numbersLike(u, most) };
  let count = 0;
  for (const [i, n] of tokens.entries()) {
    for (let slot = 0; slot < rows.length; slot++) {
      const score = q[n * columns + slot] as number;
      if (!(score > 0)) continue;
      entries.of[count] = slot;
      entries.tokens[count] = i;
      entries.z[count] = score;
      entries.u[count++] = u[n * columns + slot] as number;
    }
  }
  return { count, ...entries };
}

/** Σ_{j in e} u_tj q_tj for each token and each of its experts. Entries of a token stand by row, so those of an expert stand together. */
export function expertEntries({ tokens, counts, expertOf, scores }: Routing, u: Floats, activated: number): ExpertEntries {
  const most = counts.reduce((sum, own) => sum + own, 0);
  const entries = { of: new Uint32Array(most), tokens: new Uint32Array(most), weights: numbersLike(u, most) };
  let count = 0;
  for (const [i, n] of tokens.entries()) {
    const end = i * activated + (counts[i] as number);
    for (let from = i * activated; from < end; ) {
      const e = expertOf[from] as number;
      let weight = 0;
      for (; from < end && expertOf[from] === e; from++)
        weight += (u[n * activated + from - i * activated] as number) * (scores[from] as number);
      entries.of[count] = e;
      entries.tokens[count] = i;
      entries.weights[count++] = weight;
    }
  }
  return { count, ...entries };
}
