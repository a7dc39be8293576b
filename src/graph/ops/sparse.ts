// sparse adapter: y = into + Σ_j max(a_j, 0) · values[j] over the neurons that a token activates (Hao et al. 2024). Neurons live off the GPU: a node asks
// the host for the rows that the batch activates, and the gradient's factors go back. Not here: routing, masters and updates (src/offload).
// Invariant: a layer that runs again asks without its hidden states and gets the rows it had, so nothing changes when activations are recomputed.

import type { HostRequest } from '../../offload/offload.ts';
import type { RoutingShape } from '../../offload/routing.ts';
import type { Attributes, Graph, Initial, Node, Op, Tensor, TensorSpec } from '../ir.ts';
import { sizeOf } from '../ir.ts';

export type { RoutingShape };

interface SparseAttributes extends Attributes {
  readonly module: string;
  readonly rule: RoutingShape['rule'];
  readonly experts: number;
  readonly activated: number;
  /** Rows that slots hold: as many as the batch could activate. */
  readonly capacity: number;
  readonly hidden_size: number;
  readonly firstExample: number;
  readonly tokens: number;
  readonly T: number;
  readonly training: boolean;
}

const attributesOf = (node: Node): SparseAttributes => node.attributes as SparseAttributes;

const requestOf = (node: Node, call: HostRequest['call']): Omit<HostRequest, 'reads'> => {
  const { module, firstExample, tokens, T, training } = attributesOf(node);
  return { module, call, firstExample, tokens, T, training };
};

const present = (tensors: readonly (Tensor | undefined)[]): Tensor[] => tensors.filter((tensor) => tensor !== undefined);

const rows = ({ capacity, hidden_size }: SparseAttributes): TensorSpec => ({ shape: [capacity, hidden_size], category: 'adapter' });

/** (h, lengths) -> values, slots, coefficients, scores; under `union` values, keys, number of slots in use. */
const retrieveOp: Op<SparseAttributes> = {
  name: 'sparse_retrieve',
  shapes(_, attributes) {
    const { rule, tokens, activated } = attributes;
    if (rule === 'union') return [rows(attributes), rows(attributes), { shape: [1], dtype: 'u32' }];
    const entries = [tokens, activated];
    return [rows(attributes), { shape: entries, dtype: 'u32' }, { shape: entries }, { shape: entries }];
  },
  lower: () => [],
  host: (node) => ({
    request: requestOf(node, 'retrieve'),
    // In the backward pass the layer runs again: the host has its routing.
    reads: node.place.phase === 'forward' ? present(node.inputs) : [],
    writes: node.outputs,
  }),
};

/** keys of the slots, and the router */
const recallOp: Op<SparseAttributes> = {
  name: 'sparse_recall',
  shapes: (_, attributes) => [rows(attributes), { shape: [attributes.experts, attributes.hidden_size], category: 'adapter' }],
  lower: () => [],
  host: (node) => ({ request: requestOf(node, 'recall'), reads: [], writes: node.outputs }),
};

/** (keys' parameter, d_out, u, scores) -> the gradients' factors go to the host. */
const returnOp: Op<SparseAttributes> = {
  name: 'sparse_return',
  shapes: () => [],
  accumulates: [0],
  lower: () => [],
  host: (node) => ({ request: requestOf(node, 'return'), reads: present(node.inputs.slice(1)), writes: [] }),
};

const columnsOf = ({ rule, activated, capacity }: SparseAttributes): number => (rule === 'union' ? capacity : activated);

const uniformsOf = (attributes: SparseAttributes) => ({ N: attributes.tokens, K: columnsOf(attributes), C: attributes.hidden_size });
const LISTED = ({ rule }: SparseAttributes): number => (rule === 'union' ? 0 : 1);

/** Entries of tokens as kernels bind them; coefficients and slots only where they are listed. */
const entriesOf = ([scores, coefficients, slots]: readonly (Tensor | undefined)[]) => ({ scores, coefficients, slots });

const scoresOp: Op<SparseAttributes> = {
  name: 'sparse_scores',
  shapes: (_, attributes) => [{ shape: [attributes.tokens, attributes.capacity] }],
  lower(node) {
    const [h, keys, used] = node.inputs;
    const uniforms = uniformsOf(attributesOf(node));
    return [{ kernel: 'sparse_scores', tensors: { h, keys, used, scores: node.outputs[0] }, uniforms }];
  },
};

/** (values, d_out, scores, coefficients, slots) -> u */
const slopesOp: Op<SparseAttributes> = {
  name: 'sparse_slopes',
  shapes: (_, attributes) => [{ shape: [attributes.tokens, columnsOf(attributes)] }],
  lower(node) {
    const [values, d_out, ...entries] = node.inputs;
    const attributes = attributesOf(node);
    const tensors = { values, d_out, u: node.outputs[0], ...entriesOf(entries) };
    return [{ kernel: 'sparse_slopes', tensors, uniforms: uniformsOf(attributes), overrides: { LISTED: LISTED(attributes) } }];
  },
};

/** (u, keys, router, gradient so far, scores, coefficients, slots) -> d_h */
const inputGradientOp: Op<SparseAttributes & { into: boolean; shape: string }> = {
  name: 'sparse_input',
  shapes: (_, { shape }) => [{ shape: shape.split(',').map(Number) }],
  inPlace: ({ into }) => (into ? [[0, 3]] : []),
  lower(node) {
    const [u, keys, router, into, ...entries] = node.inputs;
    const attributes = attributesOf(node);
    const overrides = { LISTED: LISTED(attributes), ACCUMULATE: into ? 1 : 0 };
    const tensors = { u, keys, router, d_h: node.outputs[0], ...entriesOf(entries) };
    return [{ kernel: 'sparse_input', tensors, uniforms: uniformsOf(attributes), overrides }];
  },
};

/** (into, h, values, keys under `union`, scores, coefficients, slots, then what stands for the parameters) -> out */
const outputOp: Op<SparseAttributes> = {
  name: 'sparse_output',
  shapes: ([into]) => [{ shape: (into as Tensor).shape }],
  inPlace: () => [[0, 0]],
  vjp({ g, node, d_outputs, needs, take }) {
    const attributes = attributesOf(node);
    const [, h, values, sentKeys, ...rest] = node.inputs as [Tensor, Tensor, Tensor, Tensor | undefined, ...Tensor[]];
    const [entries, [parameter]] = [rest.slice(0, 3), rest.slice(3)];
    const d_out = d_outputs[0] as Tensor;
    const [keys, router] = sentKeys || !needs(1) ? [sentKeys, undefined] : g.apply(recallOp, [], attributes);
    const u = g.apply1(slopesOp, [values, d_out, ...entries], attributes);
    g.apply(returnOp, [parameter, d_out, u, sentKeys && entries[0]], attributes);
    if (!needs(1)) return [d_out];
    const into = take(1);
    const own = { ...attributes, into: into !== undefined, shape: h.shape.join() };
    return [d_out, g.apply1(inputGradientOp, [u, keys, router, into, ...entries], own)];
  },
  lower(node) {
    const [, , values, , ...entries] = node.inputs;
    const attributes = attributesOf(node);
    const tensors = { values, out: node.outputs[0], ...entriesOf(entries) };
    return [{ kernel: 'sparse_output', tensors, uniforms: uniformsOf(attributes), overrides: { LISTED: LISTED(attributes) } }];
  },
};

export interface SparseAdapterOptions {
  readonly shape: RoutingShape;
  /** Tokens of each example of the whole batch [B]. */
  readonly lengths: Tensor;
  /** Standard deviation of the keys' start; values start at 0, so training starts at the pretrained behaviour. */
  readonly std: number;
}

/** Rows of the router start at this times the mean of their expert's keys, as in the authors' code. */
const routerScale = 50;

/** into [B, T, C] (consumed) + the sparse adapter of h [B, T, C], in the scope of its module. */
export function sparseAdapter(g: Graph, h: Tensor, into: Tensor, { shape, lengths, std }: SparseAdapterOptions): Tensor {
  const { hidden_size: C, neurons, experts, activated, rule } = shape;
  const module = g.path;
  g.registry.offloaded.set(module, { path: module, shape });
  const tokens = sizeOf(h.shape) / C;
  const parameter = (name: string, count: number, initial: Initial) => g.offloaded(`${module}.${name}`, [count, C], initial);
  const parameters = [
    parameter('keys', neurons, { from: 'normal', std }),
    parameter('values', neurons, { from: 'constant', value: 0 }),
    parameter('router', experts, { from: 'row-means', of: `${module}.keys`, scale: routerScale }),
  ];
  const attributes: SparseAttributes = {
    ...{ module, rule, experts, activated, tokens, hidden_size: C },
    capacity: Math.min(neurons, tokens * activated),
    firstExample: g.firstExample,
    T: h.shape[1] as number,
    training: g.training,
  };
  const [values, ...retrieved] = g.apply(retrieveOp, [h, lengths], attributes);
  if (rule === 'token') {
    const [slots, coefficients, scores] = retrieved;
    return g.apply1(outputOp, [into, h, values, undefined, scores, coefficients, slots, ...parameters], attributes);
  }
  const [keys, used] = retrieved;
  const scores = g.apply1(scoresOp, [h, keys, used], attributes);
  return g.apply1(outputOp, [into, h, values, keys, scores, undefined, undefined, ...parameters], attributes);
}
