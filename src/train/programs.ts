// The programs of a run, traced: one training and one evaluation program per padded length. The same code for every model, method and policy.
// Not here: what surrounds them in a step (update.ts), numbers of a step (trainer.ts), memory (src/plan).

import { backward } from '../graph/differentiate.ts';
import { Graph, type GraphOptions } from '../graph/graph.ts';
import { type Node, tensorsOf } from '../graph/op.ts';
import { copyInto } from '../graph/ops/elementwise.ts';
import { addToLengths } from '../graph/ops/lengths.ts';
import { partition } from '../graph/ops/parts.ts';
import { pool } from '../graph/ops/pool.ts';
import { Registry } from '../graph/registry.ts';
import type { Parameter, Tensor } from '../graph/tensor.ts';
import { type Method, requireSaved, type Wiring } from '../methods/method.ts';
import { unchangedLayer } from '../methods/single_stream.ts';
import { type Backbone, noAdaptation, pooledHead } from '../models/model.ts';
import { type Plan, type ProgramSource, planRun } from '../plan/plan.ts';
import type { MethodOptions, Pooling } from '../protocol/config.ts';
import { RetraceError } from '../protocol/errors.ts';
import { requireLength } from '../protocol/lengths.ts';
import type { Layer } from '../stack/layers.ts';
import type { PolicyContext } from '../stack/policies/policy.ts';
import { forwardStack, type PolicyRange, runStack } from '../stack/stack.ts';
import type { Task } from '../tasks/task.ts';
import { type OutputLoss, type RowHead, rowLoss } from './row_loss.ts';
import { type OptimizerArguments, stepPrograms } from './update.ts';

/** Everything that decides the programs of a run. */
export interface ProgramSetup {
  /** Decides the head, its loss and what it learns from. */
  readonly task: Pick<Task, 'targets' | 'loss'>;
  /** Of classes; left out: every example counts once, and no label is smoothed. */
  readonly loss?: { readonly label_smoothing: number; readonly weighted: boolean };
  readonly backbone: Backbone;
  readonly method: Method;
  readonly options: MethodOptions;
  /** Cover the layers from the first that is not frozen (`stackOf`). */
  readonly ranges: readonly PolicyRange[];
  /** Parts that layers work on a batch in; left out: as many as keep 512 tokens in each. */
  readonly chunks?: number | undefined;
  /** Tokens that a feed-forward pair takes at a time where it is not taped; left out: 128. */
  readonly token_chunk?: number | undefined;
  readonly pooling: Pooling;
  readonly num_labels: number;
  readonly storedType: (name: string) => 'f32' | 'f16';
  readonly batch_size: number;
  /** Padded lengths. */
  readonly lengths: readonly number[];
  readonly optimizer: OptimizerArguments;
  /** `training` leaves out the evaluation programs (for a plan of one step). */
  readonly purposes: readonly ('training' | 'evaluation')[];
  /** Bytes of the largest binding to rely on; WebGPU's default where left out. */
  readonly max_binding?: number;
}

/** The layers that have a policy, numbered as the model's: those above the frozen ones. */
export const stackOf = ({
  backbone,
  options,
}: Pick<ProgramSetup, 'backbone' | 'options'>): { readonly from: number; readonly to: number } => ({
  from: options.frozen_layers,
  to: backbone.config.num_hidden_layers,
});

export const programName = (purpose: 'training' | 'evaluation', length: number): string => `${purpose} ${length}`;

const trainsAny = (nodes: readonly Node[]): boolean =>
  nodes.some(({ inputs }) => tensorsOf(inputs).some((input) => input.role === 'parameter' && input.parameter?.trainable));

/** What the head reads [B, C], from the values of the stack's output streams. */
function pooled(g: Graph, values: readonly Tensor[], { lengths, wiring }: Forward, setup: ProgramSetup): Tensor {
  const { transform } = pooledHead(setup.backbone, setup.pooling);
  const rows = g.section('pooler', () =>
    pool(
      g,
      wiring.finish(g, values, (h) => setup.backbone.stack.finish(g, h)),
      lengths,
      setup.pooling,
    ),
  ); // [B, C]
  return transform?.(g, rows, wiring.adaptation) ?? rows;
}

const headOf =
  ({ backbone, pooling, num_labels }: ProgramSetup): RowHead =>
  (g, rows) =>
    pooledHead(backbone, pooling).head.apply(g, rows, num_labels);

/** Tokens that a part of a batch keeps where nothing else is asked for: enough rows for a matrix product to fill a GPU's cores. */
const tokensPerPart = 512;

/** Tokens that a feed-forward pair takes at a time by default, where it is not taped. */
const fewTokens = 128;

/** Each part, and each few tokens, are dispatches of their own, which are planned and encoded: past so many parts, both grow instead. */
const mostParts = 64;

/** Parts of a batch [B, T] by default. */
export const defaultChunks = (B: number, T: number): number => Math.max(1, Math.min(B, mostParts, Math.floor((B * T) / tokensPerPart)));

const defaultTokensAtATime = (B: number, T: number): number =>
  Math.max(fewTokens, Math.ceil((B * T * fewTokens) / (mostParts * tokensPerPart)));

interface Forward {
  readonly wiring: Wiring;
  readonly lengths: Tensor;
  readonly context: PolicyContext;
  /** Everything below the stack: embeddings and frozen layers, then how the streams begin. */
  readonly embedded: Recorded<Tensor>;
  readonly started: Recorded<readonly Tensor[]>;
  readonly layers: readonly Layer[];
}

interface Recorded<T> {
  readonly result: T;
  readonly tape: readonly Node[];
}

function begin(g: Graph, { backbone, method, options, batch_size: B, chunks, token_chunk }: ProgramSetup, T: number): Forward {
  const given = g.input('lengths', [B], 'u32');
  const wiring = method.wire(backbone, options);
  const { frozen_layers } = options;
  g.tokensAtATime = wiring.wholeBatch ? Number.POSITIVE_INFINITY : (token_chunk ?? defaultTokensAtATime(B, T));
  let lengths = given;
  const asked = wiring.wholeBatch === 'always' ? 1 : chunks;
  const partsOf = (wholes: readonly Tensor[]) => partition(wholes, asked ?? (wiring.wholeBatch ? 1 : defaultChunks(B, T)));
  const below = () => {
    const h = g.section('embeddings', () => {
      const before = wiring.adaptation.tokensBefore?.(g);
      if (before?.prompt) lengths = addToLengths(g, given, before.prompt.shape[0] as number);
      return backbone.stack.embed(g, B, T, before);
    });
    const plain = backbone.stack.layers(lengths, noAdaptation).slice(0, frozen_layers);
    return forwardStack({ g, parts: partsOf([h]) }, plain.map(unchangedLayer), [h])[0] as Tensor;
  };
  const embedded = g.record(() => (frozen_layers > 0 ? g.frozen(below) : below()));
  const started = g.record(() => g.scope('embeddings', () => wiring.start(g, embedded.result)));
  const layers = backbone.stack
    .layers(lengths, wiring.adaptation)
    .slice(frozen_layers)
    .map((blocks) => wiring.layer(blocks));
  return { wiring, lengths, context: { g, parts: partsOf(started.result) }, embedded, started, layers };
}

/** The task's loss, as the run asks for it. */
function lossOf(g: Graph, { task, loss, num_labels }: ProgramSetup): OutputLoss {
  const weights = loss?.weighted ? g.input('class_weights', [num_labels], 'f32') : undefined; // [V]
  return (graph, outputs, targets) => task.loss(graph, outputs, targets, { label_smoothing: loss?.label_smoothing ?? 0, weights });
}

/** Forward, loss and gradients of one micro-batch [B, T]. */
export function traceTraining(registry: Registry, options: Omit<GraphOptions, 'training'>, setup: ProgramSetup, T: number): ProgramSource {
  const g = new Graph(registry, { ...options, training: true });
  const forward = begin(g, setup, T);
  const { wiring, context, embedded, started, layers } = forward;
  const targets = g.input('labels', [setup.batch_size], setup.task.targets.dtype);
  const stack = { first: stackOf(setup).from, layers };
  const { result: run, tape: stackNodes } = g.record(() => runStack(context, stack, setup.ranges, started.result));
  const values = g.scope('pooler', () => run.streams.map((stream) => wiring.read(g, stream)));
  const { result: rows, tape: above } = g.record(() => pooled(g, values, forward, setup));
  const embeddingsTrain = trainsAny(embedded.tape);
  const startTrains = embeddingsTrain || trainsAny(started.tape);
  const stackTrains = startTrains || trainsAny(stackNodes);
  const d_rows = rowLoss(g, rows, targets, { head: headOf(setup), loss: lossOf(g, setup) }, stackTrains || trainsAny(above));

  g.phase('backward', () => {
    if (!d_rows) return;
    const differentiable = values.filter((_, i) => stackTrains && !(wiring.constantStreams ?? []).includes(i));
    const found = backward(g, above, new Map([[rows, d_rows]]), differentiable);
    if (!stackTrains) return;
    const d_streams = values.map((value) => found[differentiable.indexOf(value)]);
    const bottomState = run.backward({ streams: run.streams, d_streams }, startTrains);
    if (!startTrains) return;
    const seeds = new Map(started.result.flatMap((stream, i) => (bottomState.d_streams[i] ? [[stream, bottomState.d_streams[i]]] : [])));
    const [d_h] = backward(g, started.tape, seeds, embeddingsTrain ? [embedded.result] : []);
    if (d_h) backward(g, embedded.tape, new Map([[embedded.result, d_h]]), []);
  });
  wiring.adaptation.linear?.requireFound?.();
  return { name: programName('training', T), graph: g };
}

/** Logits of one batch [B, T], into the `logits` state. */
export function traceEvaluation(
  registry: Registry,
  options: Omit<GraphOptions, 'training'>,
  setup: ProgramSetup,
  T: number,
): ProgramSource {
  const g = new Graph(registry, { ...options, training: false });
  const forward = begin(g, setup, T);
  const { wiring, context, started, layers } = forward;
  const streams = forwardStack(context, layers, started.result);
  const values = g.scope('pooler', () => streams.map((stream) => wiring.read(g, stream)));
  const logits = headOf(setup)(g, pooled(g, values, forward, setup));
  const state = registry.result('logits', [setup.batch_size, setup.num_labels], 'f32');
  g.scope('head', () => copyInto(g, logits, state));
  return { name: programName('evaluation', T), graph: g };
}

/** Rows off the GPU have one update, a lazy Adam. Error: `optimizer-off-gpu`. */
function requireAdamw({ parameters }: Registry, { method, optimizer: { optim }, purposes }: ProgramSetup): void {
  const offGpu = [...parameters.values()].find(({ tensors }) => tensors.length === 0);
  if (!offGpu || optim === 'adamw' || !purposes.includes('training')) return;
  throw new RetraceError({
    code: 'optimizer-off-gpu',
    message: `The optimizer is ${optim}; what ${method.title} keeps off the GPU, such as '${offGpu.name}', is updated by Adam alone.`,
    where: 'optim',
    remedy: 'Use adamw, or another method.',
  });
}

/**
 * Plans all programs of a run. Deterministic: the same setup gives the same plan anywhere. Errors: `optimizer-off-gpu`, `modules-to-save`,
 * `length-above-model`.
 */
export function planPrograms(setup: ProgramSetup): { plan: Plan; registry: Registry } {
  const { method, options, backbone, lengths } = setup;
  const { max_position_embeddings: positions } = backbone.config;
  for (const length of lengths) requireLength({ length, positions, method, options, model: 'the model' });
  const registry = new Registry(setup.max_binding);
  const tracing = {
    trains: (parameter: Pick<Parameter, 'name' | 'owner'>) => method.trains(parameter, options),
    storedType: setup.storedType,
  };
  const sources = setup.lengths.flatMap((T) =>
    setup.purposes.map((purpose) => (purpose === 'training' ? traceTraining : traceEvaluation)(registry, tracing, setup, T)),
  );
  requireAdamw(registry, setup);
  if (setup.purposes.includes('training')) requireSaved(setup.options, registry.parameters.keys());
  const plan = planRun(registry, sources, stepPrograms(registry, tracing, setup));
  return { plan, registry };
}
