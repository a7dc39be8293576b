// The programs of a run, traced: one training and one evaluation program per padded length. The same code for every model, method and policy.
// Not here: what surrounds them in a step (update.ts), numbers of a step (trainer.ts), memory (src/graph/plan).

import { backward } from '../graph/backward.ts';
import { Graph, type GraphOptions, type Node, Registry, type Tensor } from '../graph/ir.ts';
import { add, copy, copyInto, dropout } from '../graph/ops/elementwise.ts';
import { linear } from '../graph/ops/linear.ts';
import { accumulateSum, softmaxCrossEntropy } from '../graph/ops/loss.ts';
import { pool } from '../graph/ops/pool.ts';
import { watchDifference } from '../graph/ops/stream.ts';
import { type Plan, type ProgramSource, planRun } from '../graph/plan/plan.ts';
import { type PolicyRange, runStack } from '../graph/stack.ts';
import type { Method, Wiring } from '../methods/method.ts';
import type { Backbone } from '../models/model.ts';
import type { MethodOptions, Pooling } from '../protocol/config.ts';
import { metricSlots, metricsOf, type OptimizerArguments, stepPrograms } from './update.ts';

/** Everything that decides the programs of a run. */
export interface ProgramSetup {
  readonly backbone: Backbone;
  readonly method: Method;
  readonly options: MethodOptions;
  readonly ranges: readonly PolicyRange[];
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

/** Place of the reconstruction error in the status. */
export const reconstructionPlace = 'reconstruction';
const sampleElements = 4096;

export const programName = (purpose: 'training' | 'evaluation', length: number): string => `${purpose} ${length}`;

const trainsAny = (nodes: readonly Node[]): boolean =>
  nodes.some(({ inputs }) => inputs.some((input) => input?.role === 'parameter' && input.parameter?.trainable));

function classify(g: Graph, h: Tensor, lengths: Tensor, { backbone, pooling, num_labels }: ProgramSetup): Tensor {
  const { hidden_size: C, initializer_range: std, hidden_dropout_prob } = backbone.config;
  const first = g.scope('pooler', () => pool(g, h, lengths, pooling));
  const pooled = pooling === 'cls' ? backbone.pooler(g, first) : first;
  return g.scope('classifier', () => {
    const w = g.weight('classifier.weight', [num_labels, C], { initial: { from: 'normal', std } });
    const bias = g.weight('classifier.bias', [num_labels], { initial: { from: 'constant', value: 0 } });
    return linear(g, dropout(g, pooled, hidden_dropout_prob, 'dropout'), w, { bias });
  });
}

interface Forward {
  readonly lengths: Tensor;
  readonly wiring: Wiring;
  readonly embedded: { readonly result: Tensor; readonly tape: readonly Node[] };
  readonly layers: readonly ReturnType<Wiring['layer']>[];
}

function begin(g: Graph, { backbone, method, options, batch_size: B }: ProgramSetup, T: number): Forward {
  const lengths = g.input('lengths', [B], 'u32');
  const wiring = method.wire(backbone.config, options);
  const embedded = g.record(() => g.scope('embeddings', () => backbone.embeddings(g, B, T)));
  return { lengths, wiring, embedded, layers: backbone.layers(lengths, wiring.adaptation).map((blocks) => wiring.layer(blocks)) };
}

/** Forward, loss and gradients of one micro-batch [B, T]. */
export function traceTraining(registry: Registry, options: Omit<GraphOptions, 'training'>, setup: ProgramSetup, T: number): ProgramSource {
  const g = new Graph(registry, { ...options, training: true });
  const { lengths, wiring, embedded, layers } = begin(g, setup, T);
  const labels = g.input('labels', [setup.batch_size], 'i32');
  const started = g.scope('embeddings', () => wiring.start(g, embedded.result));
  const samplesError = wiring.streams === 'float' && setup.ranges.some(({ policy }) => policy === 'reversible');
  const sample = samplesError
    ? copy(g, started[0] as Tensor, Math.min(sampleElements, setup.batch_size * T * setup.backbone.config.hidden_size))
    : undefined;
  const { result: run, tape: stackNodes } = g.record(() => runStack(g, layers, setup.ranges, started));
  const values = g.scope('pooler', () => run.streams.map((stream) => wiring.read(g, stream)));
  const head = g.record(() => {
    const logits = classify(
      g,
      g.scope('pooler', () => wiring.finish(g, values)),
      lengths,
      setup,
    );
    return g.scope('loss', () => softmaxCrossEntropy(g, logits, labels));
  });
  g.scope('loss', () => accumulateSum(g, head.result, metricsOf(g.registry), metricSlots.loss));

  g.phase('backward', () => {
    const embeddingsTrain = trainsAny(embedded.tape);
    const below = embeddingsTrain || trainsAny(stackNodes);
    const d_values = backward(g, head.tape, new Map([[head.result, head.result]]), below ? values : []);
    if (!below) return;
    const state = run.backward({ streams: run.streams, d_streams: d_values.filter((d) => d !== undefined) }, embeddingsTrain);
    if (sample) g.scope('embeddings', () => watchDifference(g, sample, state.streams[0] as Tensor, reconstructionPlace));
    if (!embeddingsTrain) return;
    const d_h = state.d_streams.reduce((sum, d) => g.scope('embeddings', () => add(g, sum, d)));
    backward(g, embedded.tape, new Map([[embedded.result, d_h]]), []);
  });
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
  const { lengths, wiring, embedded, layers } = begin(g, setup, T);
  let streams: readonly Tensor[] = g.scope('embeddings', () => wiring.start(g, embedded.result));
  for (const layer of layers) streams = layer.forward(g, streams, false).streams;
  const h = g.scope('pooler', () =>
    wiring.finish(
      g,
      streams.map((stream) => wiring.read(g, stream)),
    ),
  );
  const logits = classify(g, h, lengths, setup);
  const state = registry.state('logits', [setup.batch_size, setup.num_labels], 'f32');
  g.scope('classifier', () => copyInto(g, logits, state));
  return { name: programName('evaluation', T), graph: g };
}

/** Plans all programs of a run. Deterministic: the same setup gives the same plan anywhere. */
export function planPrograms(setup: ProgramSetup): { plan: Plan; registry: Registry } {
  const registry = new Registry(setup.max_binding);
  const options = { trains: (name: string) => setup.method.trains(name), storedType: setup.storedType };
  const sources = setup.lengths.flatMap((T) =>
    setup.purposes.map((purpose) => (purpose === 'training' ? traceTraining : traceEvaluation)(registry, options, setup, T)),
  );
  const plan = planRun(registry, sources, stepPrograms(registry, options, setup));
  return { plan, registry };
}
