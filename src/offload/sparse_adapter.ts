// One layer's sparse adapter off the GPU: master weights and Adam moments of its neurons (keys and values) by row, and of its router; routing, the rows
// that a batch needs, the gradients of those rows, and their update (Hao et al. 2024). The GPU computes with the rows; what comes back are the factors
// of their gradients, which are sums of outer products:  dV_j = Σ_t z_tj δ_t,  dK_j = Σ_t u_tj s_e h_t,  dG_e = Σ_t (Σ_{j in e} u_tj k_j·h_t) h_t.
// Not here: which layer (offload.ts). Invariant: a routing is kept from the forward pass until its gradients came, so a layer that runs again gets the
// rows it had.

import { type Entries, expertEntries, tokenEntries, unionEntries } from './factors.ts';
import { type AdamStep, adamFactors } from './lazy_adam.ts';
import type { Products } from './products.ts';
import { grouped, type Routing, type RoutingShape, route, unpadded } from './routing.ts';
import { RowGradients } from './row_gradients.ts';
import type { Floats, RowStore } from './rows.ts';

/** Record of a neuron, in rows of C: key, value, and the moments of both. */
export const recordParts = { key: 0, value: 1, key_exp_avg: 2, key_exp_avg_sq: 3, value_exp_avg: 4, value_exp_avg_sq: 5 } as const;
export const recordWidth = (C: number): number => 6 * C;

export const parameterKinds = ['parameter', 'exp_avg', 'exp_avg_sq', 'last_step', 'gradient'] as const;
export type ParameterKind = (typeof parameterKinds)[number];
export type ParameterPart = 'keys' | 'values' | 'router';

/** A batch, or the part of one that begins at an example. */
export interface Part {
  readonly firstExample: number;
  /** Tokens an example. */
  readonly T: number;
  readonly training: boolean;
}

interface Pending {
  readonly routing: Routing;
  /** Rows of h that take part [tokens, C]. */
  readonly h: Floats;
}

export class SparseAdapter {
  readonly shape: RoutingShape;
  readonly #store: RowStore;
  readonly #products: Products;
  readonly #Numbers: Float32ArrayConstructor;
  readonly #router: Record<'parameter' | 'exp_avg' | 'exp_avg_sq', Floats>;
  readonly #lastSteps: { neurons: Float64Array; experts: Float64Array };
  readonly #neuronGradients: RowGradients;
  readonly #routerGradients: RowGradients;
  readonly #pending = new Map<number, Pending>();

  constructor(shape: RoutingShape, store: RowStore, products: Products, Numbers: typeof Float32Array | typeof Float64Array = Float32Array) {
    const { hidden_size: C, neurons, experts } = shape;
    this.shape = shape;
    this.#store = store;
    this.#products = products;
    this.#Numbers = Numbers as Float32ArrayConstructor;
    const router = () => new Numbers(experts * C);
    this.#router = { parameter: router(), exp_avg: router(), exp_avg_sq: router() };
    this.#lastSteps = { neurons: new Float64Array(neurons), experts: new Float64Array(experts) };
    this.#neuronGradients = new RowGradients(neurons, 2 * C, new Numbers(0));
    this.#routerGradients = new RowGradients(experts, C, new Numbers(experts * C));
  }

  /** Bytes of master weights and moments, and of a step's gradients so far. */
  get bytes(): { memory: number; disk: number } {
    const { parameter, exp_avg, exp_avg_sq } = this.#router;
    const router = parameter.byteLength + exp_avg.byteLength + exp_avg_sq.byteLength;
    const gradients = this.#neuronGradients.bytes + this.#routerGradients.bytes;
    const { bytes, place } = this.#store;
    return { memory: router + gradients + (place === 'memory' ? bytes : 0), disk: place === 'disk' ? bytes : 0 };
  }

  #readKeys = (expert: number, into: Floats): void => {
    const { hidden_size: C, neurons, experts } = this.shape;
    const m = neurons / experts;
    for (let j = 0; j < m; j++) this.#store.read(expert * m + j, recordParts.key * C, into.subarray(j * C, (j + 1) * C));
  };

  /** Routes h [tokens, C]; while training, the routing stays until `accumulate`, and a second call for the same part gets it again without h. */
  routing(h: Floats | undefined, lengths: ArrayLike<number>, { firstExample, T, training }: Part): Routing {
    const known = training ? this.#pending.get(firstExample) : undefined;
    if (known) return known.routing;
    if (!h) throw new Error('a layer runs again whose routing is not kept');
    const { hidden_size: C } = this.shape;
    const tokens = unpadded(lengths, firstExample, h.length / C, T);
    const routing = route(h, tokens, this.#router.parameter, this.#readKeys, this.#products, this.shape);
    if (training) {
      const own = new this.#Numbers(tokens.length * C);
      for (const [i, n] of tokens.entries()) own.set(h.subarray(n * C, (n + 1) * C), i * C);
      this.#pending.set(firstExample, { routing, h: own });
    }
    return routing;
  }

  /** Keys or values [rows, C] of the neurons `rows`. */
  gather(part: 'key' | 'value', rows: Uint32Array): Floats {
    const { hidden_size: C } = this.shape;
    const found = new this.#Numbers(rows.length * C);
    for (const [slot, row] of rows.entries()) this.#store.read(row, recordParts[part] * C, found.subarray(slot * C, (slot + 1) * C));
    return found;
  }

  get router(): Floats {
    return this.#router.parameter;
  }

  /**
   * Adds the gradients of one part of a batch: d_out [tokens, C] and u = 1[a > 0] (v · d_out), [tokens, activated] over a token's own entries; under
   * `union` [tokens, columns] over the slots, and q = k · h alike.
   */
  accumulate(d_out: Floats, u: Floats, q: Floats | undefined, firstExample: number): void {
    const { hidden_size: C, activated } = this.shape;
    const pending = this.#pending.get(firstExample);
    if (!pending) throw new Error('gradients came for a part of a batch that was not routed');
    const { routing, h } = pending;
    const { tokens, rows } = routing;
    const columns = (C * u.length) / d_out.length;
    const neurons = q ? unionEntries(routing, u, q, columns) : tokenEntries(routing, u, activated);
    const experts = q ? undefined : expertEntries(routing, u, activated);
    const products = this.#products;
    products.begin(2 * tokens.length * C + 3 * neurons.count + 2 * (experts?.count ?? 0) + C + 64);
    const [deltas, inputs, sum] = [products.floats(tokens.length * C), products.floats(tokens.length * C), products.floats(C)];
    for (const [i, n] of tokens.entries()) deltas.set(d_out.subarray(n * C, (n + 1) * C), i * C);
    inputs.set(h);
    this.#addSums(neurons, rows.length, sum, (slot) => this.#neuronGradients.touch(rows[slot] as number), [
      { x: inputs, weights: neurons.u },
      { x: deltas, weights: neurons.z },
    ]);
    if (experts) {
      const gradientOf = (expert: number) => this.#routerGradients.touch(expert);
      this.#addSums(experts, this.shape.experts, sum, gradientOf, [{ x: inputs, weights: experts.weights }]);
    }
    this.#pending.delete(firstExample);
  }

  /** gradientOf(group) [terms · C] += for each term the sum over the group's entries of weight · x[token]. */
  #addSums(
    entries: Entries,
    groups: number,
    sum: Floats,
    gradientOf: (group: number) => Floats,
    terms: readonly { readonly x: Floats; readonly weights: Floats }[],
  ): void {
    const { hidden_size: C } = this.shape;
    const { starts, order } = grouped(entries.of, entries.count, groups);
    const tokens = this.#products.indices(entries.count);
    const listed = terms.map(({ x, weights }) => ({ x, from: weights, weights: this.#products.floats(entries.count) }));
    for (const [i, entry] of order.entries()) {
      tokens[i] = entries.tokens[entry] as number;
      for (const { from, weights } of listed) weights[i] = from[entry] as number;
    }
    for (let group = 0; group < groups; group++) {
      const [begin, end] = [starts[group] as number, starts[group + 1] as number];
      if (begin === end) continue;
      const gradient = gradientOf(group);
      for (const [t, { x, weights }] of listed.entries()) {
        const own = gradient.subarray(t * C, (t + 1) * C);
        sum.set(own);
        this.#products.weightedSum(sum, x, C, tokens.subarray(begin, end), weights.subarray(begin, end), end - begin);
        own.set(sum);
      }
    }
  }

  /** Rows touched since the last update. */
  get touched(): number {
    return this.#neuronGradients.rows.length;
  }

  /** Of the gradients since the last update. */
  squareSum(): number {
    return this.#neuronGradients.squareSum() + this.#routerGradients.squareSum();
  }

  /** Takes Adam's step on the rows that were touched. Their gradients stay readable until the next `begin`. */
  update(step: AdamStep): void {
    const { hidden_size: C } = this.shape;
    const products = this.#products;
    products.begin(recordWidth(C) + 2 * C + 64);
    const record = products.floats(recordWidth(C));
    const gradient = products.floats(2 * C);
    const part = (at: number) => record.subarray(at * C, (at + 1) * C);
    const { key, key_exp_avg, key_exp_avg_sq, value, value_exp_avg, value_exp_avg_sq } = recordParts;
    for (const row of this.#neuronGradients.rows) {
      const factors = adamFactors(step, this.#lastSteps.neurons[row] as number);
      gradient.set(this.#neuronGradients.of(row) as Floats);
      this.#store.read(row, 0, record);
      products.adam(part(key), part(key_exp_avg), part(key_exp_avg_sq), gradient.subarray(0, C), factors);
      products.adam(part(value), part(value_exp_avg), part(value_exp_avg_sq), gradient.subarray(C), factors);
      this.#store.write(row, 0, record);
      this.#lastSteps.neurons[row] = step.step;
    }
    for (const row of this.#routerGradients.rows) {
      const factors = adamFactors(step, this.#lastSteps.experts[row] as number);
      const [p, m, v] = (['parameter', 'exp_avg', 'exp_avg_sq'] as const).map((kind) =>
        this.#router[kind].subarray(row * C, (row + 1) * C),
      );
      for (const [at, own] of [p, m, v].entries()) part(at).set(own as Floats);
      gradient.subarray(0, C).set(this.#routerGradients.of(row) as Floats);
      products.adam(part(0), part(1), part(2), gradient.subarray(0, C), factors);
      for (const [at, own] of [p, m, v].entries()) own?.set(part(at));
      this.#lastSteps.experts[row] = step.step;
    }
  }

  /** Before a step: no gradients, no routing under way. */
  begin(): void {
    this.#neuronGradients.clear();
    this.#routerGradients.clear();
    this.#pending.clear();
  }

  /** All of one kind, row-major; `last_step` has one number a row. Under `union` no gradient reaches the router: it has none, not zeros. */
  read(part: ParameterPart, kind: ParameterKind): Floats {
    const { hidden_size: C, neurons, experts } = this.shape;
    const rows = part === 'router' ? experts : neurons;
    const lastSteps = part === 'router' ? this.#lastSteps.experts : this.#lastSteps.neurons;
    if (kind === 'gradient' && part === 'router' && this.shape.rule === 'union') return new this.#Numbers(0);
    if (kind === 'last_step') return this.#Numbers.from(lastSteps);
    const all = new this.#Numbers(rows * C);
    if (kind === 'gradient') {
      const gradients = part === 'router' ? this.#routerGradients : this.#neuronGradients;
      const begin = part === 'values' ? C : 0;
      for (const row of gradients.rows) all.set((gradients.of(row) as Floats).subarray(begin, begin + C), row * C);
      return all;
    }
    if (part === 'router') {
      all.set(this.#router[kind]);
      return all;
    }
    const at = partOf(part, kind) * C;
    for (let row = 0; row < rows; row++) this.#store.read(row, at, all.subarray(row * C, (row + 1) * C));
    return all;
  }

  write(part: ParameterPart, kind: Exclude<ParameterKind, 'gradient'>, values: Floats): void {
    const { hidden_size: C, neurons, experts } = this.shape;
    const rows = part === 'router' ? experts : neurons;
    const wanted = kind === 'last_step' ? rows : rows * C;
    if (values.length !== wanted) throw new Error(`${part} takes ${wanted} numbers of '${kind}', not ${values.length}`);
    if (kind === 'last_step') (part === 'router' ? this.#lastSteps.experts : this.#lastSteps.neurons).set(values);
    else if (part === 'router') this.#router[kind].set(values);
    else {
      const at = partOf(part, kind) * C;
      for (let row = 0; row < rows; row++) this.#store.write(row, at, values.subarray(row * C, (row + 1) * C));
    }
  }

  close(): void {
    this.#store.close();
  }
}

const partOf = (part: 'keys' | 'values', kind: 'parameter' | 'exp_avg' | 'exp_avg_sq'): number =>
  recordParts[`${part === 'keys' ? 'key' : 'value'}${kind === 'parameter' ? '' : `_${kind}`}` as keyof typeof recordParts];
