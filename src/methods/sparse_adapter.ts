// sparse adapter: y = into + Σ_j max(a_j, 0) · values[j] over the neurons that a token activates (Hao et al. 2024). Neurons live off the GPU: a node asks
// the host for the rows that the batch activates, and the gradient's factors go back. Not here: routing, masters and updates (src/offload).
// Invariant: a layer that runs again asks without its hidden states and gets the rows it had, so nothing changes when activations are recomputed.

import type { Graph } from '../graph/graph.ts';
import { type NoTensors, type Op, type Outputs, type TensorSpec, tensorsOf } from '../graph/op.ts';
import { type Initial, sizeOf, type Tensor } from '../graph/tensor.ts';
import type { HostQuestion, OffloadedModule } from '../offload/offload.ts';
import type { RoutingShape } from '../offload/routing.ts';

/** The modules of a run that live off the GPU, by path. */
export class OffloadedModules extends Map<string, OffloadedModule> {}

type SparseAttributes = {
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
};

const requestOf = ({ module, firstExample, tokens, T, training }: SparseAttributes, call: HostQuestion['call']): HostQuestion => ({
  module,
  call,
  firstExample,
  tokens,
  T,
  training,
});

const rows = ({ capacity, hidden_size }: SparseAttributes): TensorSpec => ({ shape: [capacity, hidden_size], category: 'adapter' });

type RetrieveInputs = {
  readonly h: Tensor; // [B, T, C]
  readonly lengths: Tensor; // of the whole batch
};

/** Under `token`: each token lists the slots that it activates. */
type ListedRows = {
  readonly values: Tensor; // [capacity, C]
  readonly slots: Tensor; // [N, activated]
  readonly coefficients: Tensor; // [N, activated]
  readonly scores: Tensor; // [N, activated]
};

/** Under `union`: all tokens activate all slots that are in use. */
type UnionRows = {
  readonly values: Tensor; // [capacity, C]
  readonly keys: Tensor; // [capacity, C]
  readonly used: Tensor; // [1]: number of slots in use
};

const retrieved = <O extends Outputs>(
  shapes: Op<RetrieveInputs, O, SparseAttributes>['shapes'],
): Op<RetrieveInputs, O, SparseAttributes> => ({
  name: 'sparse_retrieve',
  shapes,
  lower: () => [],
  host: ({ inputs, outputs, attributes, place }) => ({
    request: requestOf(attributes, 'retrieve'),
    // In the backward pass the layer runs again: the host has its routing.
    reads: place.phase === 'forward' ? tensorsOf(inputs) : [],
    writes: tensorsOf(outputs),
  }),
});

const retrieveListedOp = retrieved<ListedRows>((_, attributes) => {
  const entries = [attributes.tokens, attributes.activated];
  return {
    values: rows(attributes),
    slots: { shape: entries, dtype: 'u32' },
    coefficients: { shape: entries },
    scores: { shape: entries },
  };
});

const retrieveUnionOp = retrieved<UnionRows>((_, attributes) => ({
  values: rows(attributes),
  keys: rows(attributes),
  used: { shape: [1], dtype: 'u32' },
}));

type Recalled = {
  readonly keys: Tensor; // [capacity, C]
  readonly router: Tensor; // [experts, C]
};

/** keys of the slots, and the router */
const recallOp: Op<NoTensors, Recalled, SparseAttributes> = {
  name: 'sparse_recall',
  shapes: (_, attributes) => ({
    keys: rows(attributes),
    router: { shape: [attributes.experts, attributes.hidden_size], category: 'adapter' },
  }),
  lower: () => [],
  host: ({ outputs, attributes }) => ({ request: requestOf(attributes, 'recall'), reads: [], writes: tensorsOf(outputs) }),
};

type ReturnInputs = {
  /** What stands for the keys' parameter; the host has it. */
  readonly keys_parameter: Tensor;
  readonly d_out: Tensor; // [B, T, C]
  readonly u: Tensor; // [N, K]
  readonly scores: Tensor | undefined; // [N, capacity], under `union`
};

/** The gradients' factors go to the host. */
const returnOp: Op<ReturnInputs, NoTensors, SparseAttributes> = {
  name: 'sparse_return',
  shapes: () => ({}),
  accumulates: ['keys_parameter'],
  lower: () => [],
  host: ({ inputs: { d_out, u, scores }, attributes }) => ({
    request: requestOf(attributes, 'return'),
    reads: tensorsOf({ d_out, u, scores }),
    writes: [],
  }),
};

const columnsOf = ({ rule, activated, capacity }: SparseAttributes): number => (rule === 'union' ? capacity : activated);

const uniformsOf = (attributes: SparseAttributes) => ({ N: attributes.tokens, K: columnsOf(attributes), C: attributes.hidden_size });
const LISTED = ({ rule }: SparseAttributes): number => (rule === 'union' ? 0 : 1);

/** What tokens activate, as kernels bind it; coefficients and slots only where they are listed. */
type Entries = {
  readonly scores: Tensor; // [N, K]
  readonly coefficients: Tensor | undefined; // [N, K]
  readonly slots: Tensor | undefined; // [N, K]
};

type ScoresInputs = {
  readonly h: Tensor; // [B, T, C]
  readonly keys: Tensor; // [capacity, C]
  readonly used: Tensor; // [1]
};

const scoresOp: Op<ScoresInputs, { readonly scores: Tensor }, SparseAttributes> = {
  name: 'sparse_scores',
  shapes: (_, { tokens, capacity }) => ({ scores: { shape: [tokens, capacity] } }),
  lower: ({ inputs, outputs, attributes }) => [
    { kernel: 'sparse_scores', tensors: { ...inputs, ...outputs }, uniforms: uniformsOf(attributes) },
  ],
};

type SlopesInputs = Entries & {
  readonly values: Tensor; // [capacity, C]
  readonly d_out: Tensor; // [B, T, C]
};

/** u [N, K]: the gradient of what each token activates. */
const slopesOp: Op<SlopesInputs, { readonly u: Tensor }, SparseAttributes> = {
  name: 'sparse_slopes',
  shapes: (_, attributes) => ({ u: { shape: [attributes.tokens, columnsOf(attributes)] } }),
  lower: ({ inputs, outputs, attributes }) => [
    {
      kernel: 'sparse_slopes',
      tensors: { ...inputs, ...outputs },
      uniforms: uniformsOf(attributes),
      overrides: { LISTED: LISTED(attributes) },
    },
  ],
};

type InputGradientInputs = Entries & {
  readonly u: Tensor; // [N, K]
  readonly keys: Tensor | undefined; // [capacity, C]
  readonly router: Tensor | undefined; // [experts, C]
  readonly into: Tensor | undefined; // [B, T, C]
};

const inputGradientOp: Op<
  InputGradientInputs,
  { readonly d_h: Tensor },
  SparseAttributes & { readonly into: boolean; readonly shape: string }
> = {
  name: 'sparse_input',
  shapes: (_, { shape }) => ({ d_h: { shape: shape.split(',').map(Number) } }),
  inPlace: ({ into }) => (into ? [['d_h', 'into']] : []),
  lower({ inputs: { into, ...read }, outputs, attributes }) {
    const overrides = { LISTED: LISTED(attributes), ACCUMULATE: into ? 1 : 0 };
    return [{ kernel: 'sparse_input', tensors: { ...read, ...outputs }, uniforms: uniformsOf(attributes), overrides }];
  },
};

type OutputInputs = Entries & {
  readonly into: Tensor; // [B, T, C]
  readonly h: Tensor; // [B, T, C]
  readonly values: Tensor; // [capacity, C]
  /** Under `union`. */
  readonly keys: Tensor | undefined; // [capacity, C]
  /** What stands for the parameters, so that gradients flow to this node; no kernel reads them. */
  readonly keys_parameter: Tensor;
  readonly values_parameter: Tensor;
  readonly router_parameter: Tensor;
};

const outputOp: Op<OutputInputs, { readonly out: Tensor }, SparseAttributes> = {
  name: 'sparse_output',
  shapes: ({ into }) => ({ out: { shape: into.shape } }),
  inPlace: () => [['out', 'into']],
  vjp({ g, inputs, attributes, d, needs, take }) {
    const { h, values, scores, coefficients, slots, keys_parameter } = inputs;
    const entries = { scores, coefficients, slots };
    const d_out = d('out'); // [B, T, C]
    const recalled = inputs.keys || !needs('h') ? undefined : g.apply(recallOp, {}, attributes);
    const { u } = g.apply(slopesOp, { values, d_out, ...entries }, attributes); // [N, K]
    g.apply(returnOp, { keys_parameter, d_out, u, scores: inputs.keys && scores }, attributes);
    if (!needs('h')) return { into: d_out };
    const into = take('h');
    const own = { ...attributes, into: into !== undefined, shape: h.shape.join() };
    const { keys = inputs.keys, router } = recalled ?? {};
    return { into: d_out, h: g.apply(inputGradientOp, { u, keys, router, into, ...entries }, own).d_h };
  },
  lower: ({ inputs: { values, scores, coefficients, slots }, outputs: { out }, attributes }) => [
    {
      kernel: 'sparse_output',
      tensors: { values, out, scores, coefficients, slots },
      uniforms: uniformsOf(attributes),
      overrides: { LISTED: LISTED(attributes) },
    },
  ],
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
  g.registry.shared(OffloadedModules).set(module, { path: module, shape });
  const tokens = sizeOf(h.shape) / C;
  const parameter = (name: string, count: number, initial: Initial) => g.hostParameter(`${module}.${name}`, [count, C], initial);
  const parameters = {
    keys_parameter: parameter('keys', neurons, { from: 'normal', std }),
    values_parameter: parameter('values', neurons, { from: 'constant', value: 0 }),
    router_parameter: parameter('router', experts, { from: 'row-means', of: `${module}.keys`, scale: routerScale }),
  };
  const attributes: SparseAttributes = {
    ...{ module, rule, experts, activated, tokens, hidden_size: C },
    capacity: Math.min(neurons, tokens * activated),
    firstExample: g.firstExample,
    T: h.shape[1] as number,
    training: g.training,
  };
  if (rule === 'token') {
    const listed = g.apply(retrieveListedOp, { h, lengths }, attributes);
    return g.apply(outputOp, { into, h, keys: undefined, ...listed, ...parameters }, attributes).out;
  }
  const { values, keys, used } = g.apply(retrieveUnionOp, { h, lengths }, attributes);
  const { scores } = g.apply(scoresOp, { h, keys, used }, attributes); // [N, capacity]
  const entries = { scores, coefficients: undefined, slots: undefined };
  return g.apply(outputOp, { into, h, values, keys, ...entries, ...parameters }, attributes).out;
}
