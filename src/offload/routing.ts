// Key-Experts routing (Hao et al. 2024, §3.2, and the released code): which neurons each token activates. A router scores the experts, the best few
// are probed, and the best neurons inside them are activated. Not here: rows and gradients (sparse_adapter.ts).
//   token  a = s_e · (k · h) with the expert's score s_e; a token uses its own best neurons
//   union  a = k · h; every token uses what any token chose, all of its best among them, also those with a <= 0
// Under `token` a neuron with a <= 0 is never chosen: ReLU gives 0 for it, and no gradient.
// Invariant: what is chosen depends on the batch's own tokens alone, the earlier neuron where two are equal.

import type { Products } from './products.ts';
import type { Floats } from './rows.ts';

export interface RoutingShape {
  readonly hidden_size: number;
  /** Neurons, a multiple of the experts. */
  readonly neurons: number;
  readonly experts: number;
  readonly probed: number;
  readonly activated: number;
  readonly rule: 'token' | 'union';
}

export interface Routing {
  /** Rows of h that take part, ascending: padding does not. */
  readonly tokens: Uint32Array;
  /** Neurons that the batch activates, ascending: a slot is an index in here. */
  readonly rows: Uint32Array;
  /** Activated neurons of token i: entries [i · activated, i · activated + counts[i]), rows ascending. Empty under `union`. */
  readonly counts: Uint32Array;
  readonly slots: Uint32Array;
  readonly expertOf: Uint32Array;
  /** s_e and k · h of the entries. */
  readonly coefficients: Floats;
  readonly scores: Floats;
}

/** Indices of the `count` largest of x[begin, begin + of), the earlier one where two are equal; ascending. */
export function largest(x: Floats, begin: number, of: number, count: number, into: Uint32Array): number {
  const sorted = x.slice(begin, begin + of).sort();
  const bar = sorted[Math.max(0, of - count)] as number;
  let above = 0;
  for (let i = 0; i < of; i++) if ((x[begin + i] as number) > bar) above++;
  let equal = Math.min(count, of) - above;
  let found = 0;
  for (let i = 0; i < of; i++) {
    const value = x[begin + i] as number;
    if (value > bar || (value === bar && equal-- > 0)) into[found++] = i;
  }
  return found;
}

/** Lists of positions by group, groups and positions ascending: positions of group g are order[starts[g]..starts[g + 1]). */
export function grouped(groups: Uint32Array, count: number, of: number): { starts: Uint32Array; order: Uint32Array } {
  const starts = new Uint32Array(of + 1);
  for (let i = 0; i < count; i++) {
    const next = (groups[i] as number) + 1;
    starts[next] = (starts[next] as number) + 1;
  }
  for (let g = 0; g < of; g++) starts[g + 1] = (starts[g + 1] as number) + (starts[g] as number);
  const at = starts.slice();
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const g = groups[i] as number;
    const place = at[g] as number;
    order[place] = i;
    at[g] = place + 1;
  }
  return { starts, order };
}

/** Rows of h [B · T] below their example's length. */
export function unpadded(lengths: ArrayLike<number>, firstExample: number, tokens: number, T: number): Uint32Array {
  const used = new Uint32Array(tokens);
  let count = 0;
  for (let n = 0; n < tokens; n++) if (n % T < (lengths[firstExample + Math.floor(n / T)] as number)) used[count++] = n;
  return used.slice(0, count);
}

interface Probed {
  /** [tokens, probed] */
  readonly experts: Uint32Array;
  readonly scores: Floats;
}

/** The best experts of each token by the router [experts, C], and their scores. */
function probe(h: Floats, count: number, router: Floats, products: Products, shape: RoutingShape): Probed {
  const { hidden_size: C, experts: E, probed: P } = shape;
  const operand = products.floats(E * C);
  operand.set(router);
  const all = products.floats(count * E);
  products.dots(h, count, operand, E, C, all);
  const experts = new Uint32Array(count * P);
  const scores = new (h.constructor as Float32ArrayConstructor)(count * P);
  for (let i = 0; i < count; i++) {
    largest(all, i * E, E, P, experts.subarray(i * P, (i + 1) * P));
    for (let p = 0; p < P; p++) scores[i * P + p] = all[i * E + (experts[i * P + p] as number)] as number;
  }
  return { experts, scores };
}

/** k · h of every neuron of every probed expert, [tokens, probed, neurons of an expert], expert by expert. */
function candidates(
  h: Floats,
  { experts }: Probed,
  keysOf: (expert: number, into: Floats) => void,
  products: Products,
  shape: RoutingShape,
): Floats {
  const { hidden_size: C, neurons, experts: E, probed: P } = shape;
  const m = neurons / E;
  const { starts, order } = grouped(experts, experts.length, E);
  const longest = starts.reduce((most, start, e) => Math.max(most, start - (starts[e - 1] ?? 0)), 0);
  const [own, keys, block] = [products.floats(longest * C), products.floats(m * C), products.floats(longest * m)];
  const scores = new (h.constructor as Float32ArrayConstructor)(experts.length * m);
  for (let e = 0; e < E; e++) {
    const [begin, end] = [starts[e] as number, starts[e + 1] as number];
    if (begin === end) continue;
    for (let i = begin; i < end; i++) {
      const token = Math.floor((order[i] as number) / P);
      own.set(h.subarray(token * C, (token + 1) * C), (i - begin) * C);
    }
    keysOf(e, keys);
    products.dots(own, end - begin, keys, m, C, block);
    for (let i = begin; i < end; i++) scores.set(block.subarray((i - begin) * m, (i - begin + 1) * m), (order[i] as number) * m);
  }
  return scores;
}

/** Routes the rows `tokens` of h [.., C]. `keysOf` fills in the keys [neurons of an expert, C]. */
export function route(
  h: Floats,
  tokens: Uint32Array,
  router: Floats,
  keysOf: (expert: number, into: Floats) => void,
  products: Products,
  shape: RoutingShape,
): Routing {
  const { hidden_size: C, neurons, experts: E, probed: P, activated: K, rule } = shape;
  const m = neurons / E;
  const count = tokens.length;
  products.begin(2 * count * C + E * C + count * E + m * C + count * m + 64);
  const compact = products.floats(count * C);
  for (const [i, n] of tokens.entries()) compact.set(h.subarray(n * C, (n + 1) * C), i * C);
  const probedExperts = probe(compact, count, router, products, shape);
  const found = candidates(compact, probedExperts, keysOf, products, shape);

  const Numbers = h.constructor as Float32ArrayConstructor;
  const [coefficients, scores] = [new Numbers(count * K), new Numbers(count * K)];
  const [slots, expertOf, counts] = [new Uint32Array(count * K), new Uint32Array(count * K), new Uint32Array(count)];
  const active = new Numbers(P * m);
  const chosen = new Uint32Array(K);
  const slotOf = new Uint32Array(neurons);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < P * m; j++) {
      const factor = rule === 'token' ? (probedExperts.scores[i * P + Math.floor(j / m)] as number) : 1;
      active[j] = factor * (found[i * P * m + j] as number);
    }
    let own = i * K;
    const picked = largest(active, 0, P * m, K, chosen);
    for (let c = 0; c < picked; c++) {
      const j = chosen[c] as number;
      if (rule === 'token' && !((active[j] as number) > 0)) continue;
      const probedAt = i * P + Math.floor(j / m);
      const e = probedExperts.experts[probedAt] as number;
      slots[own] = e * m + (j % m);
      expertOf[own] = e;
      coefficients[own] = probedExperts.scores[probedAt] as number;
      scores[own] = found[i * P * m + j] as number;
      slotOf[slots[own] as number] = 1;
      own++;
    }
    counts[i] = own - i * K;
  }
  const rows = Uint32Array.from(slotOf.keys()).filter((row) => slotOf[row] === 1);
  for (const [slot, row] of rows.entries()) slotOf[row] = slot;
  if (rule === 'union') counts.fill(0);
  for (let i = 0; i < count; i++) {
    for (let k = i * K; k < i * K + (counts[i] as number); k++) slots[k] = slotOf[slots[k] as number] as number;
  }
  return { tokens, rows, counts, slots, expertOf, coefficients, scores };
}
