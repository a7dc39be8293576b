// The programs of a run, traced: one training program per padded length, and one evaluation program per shape of its batches. The same code for every model, method and policy.
// Not here: what surrounds them in a step (update.ts), numbers of a step (trainer.ts), memory (src/plan).

import { backward } from '../graph/differentiate.ts';
import { Graph, type GraphOptions } from '../graph/graph.ts';
import { copyInto } from '../graph/ops/elementwise.ts';
import { Registry } from '../graph/registry.ts';
import type { Parameter, Tensor } from '../graph/tensor.ts';
import type { Forms } from '../kernels/forms.ts';
import { type Method, requireSaved } from '../methods/method.ts';
import { type Backbone, positionsOf } from '../models/model.ts';
import { type Plan, type ProgramSource, planRun } from '../plan/plan.ts';
import type { MethodOptions, Pooling } from '../protocol/config.ts';
import { RetraceError } from '../protocol/errors.ts';
import { type Bucket, longestOf, requireLength } from '../protocol/lengths.ts';
import type { PolicyRange } from '../stack/stack.ts';
import type { Task } from '../tasks/task.ts';
import { evaluationShapes } from './evaluation_shapes.ts';
import { type GranularitySetup, tokensAtATime } from './granularity.ts';
import { type Output, outputKinds, type Top } from './outputs.ts';
import { rowLoss } from './row_loss.ts';
import { evaluateStack, numberedStacks, type Scene, type StackResult, type StackRun, trainStack, trainsAny } from './stacks.ts';
import { type OptimizerArguments, stepPrograms } from './update.ts';

/** Everything that decides the programs of a run. */
export interface ProgramSetup extends GranularitySetup {
  /** Decides the head, its loss and what it learns from. */
  readonly task: Pick<Task, 'head' | 'targets' | 'loss'>;
  /** Of classes; left out: every example counts once, and no label is smoothed. */
  readonly loss?: { readonly label_smoothing: number; readonly weighted: boolean };
  readonly backbone: Backbone;
  readonly method: Method;
  readonly options: MethodOptions;
  /** Cover the layers from the first that is not frozen (`stackOf`). */
  readonly ranges: readonly PolicyRange[];
  /** Of heads that read one vector a text. */
  readonly pooling?: Pooling | undefined;
  readonly num_labels: number;
  readonly storedType: (name: string) => 'f32' | 'f16';
  /** Rows of tokens that go through at a time. */
  readonly batch_size: number;
  /** Examples of a batch of a training step, where fewer go through at a time; left out: as many. */
  readonly step_batch_size?: number;
  /** Rows that stand together in training where an example is a choice among several; left out: 1. */
  readonly rows_per_example?: number;
  /** Padded sizes, ascending. */
  readonly buckets: readonly Bucket[];
  /** Whether evaluations have shapes of their own (evaluation_shapes.ts). */
  readonly evaluation?: 'finer' | undefined;
  readonly optimizer: OptimizerArguments;
  /** `training` leaves out the evaluation programs (for a plan of one step). */
  readonly purposes: readonly ('training' | 'evaluation')[];
  /** Of kernels, as the device wants them; left out: the first ones. */
  readonly forms?: Forms;
  /** Bytes of the largest binding to rely on; WebGPU's default where left out. */
  readonly max_binding?: number;
}

/** Fixed streams hold magnitudes below this. */
export const streamLimitOf = ({ method, backbone, options }: Pick<ProgramSetup, 'method' | 'backbone' | 'options'>): number =>
  method.wire(backbone, options).streams === 'fixed' ? 2 ** (31 - options.fraction_bits) : Number.POSITIVE_INFINITY;

export const programName = (purpose: 'training' | 'evaluation', length: number): string => `${purpose} ${length}`;

/** What the first step runs, or the first evaluation where nothing trains: an epoch begins with its longest texts. */
export const firstPrograms = ({ purposes, buckets }: Pick<ProgramSetup, 'purposes' | 'buckets'>): string[] =>
  purposes.includes('training')
    ? ['begin', programName('training', longestOf(buckets)), 'update']
    : ['watch', programName('evaluation', longestOf(buckets))];

type TracingOptions = Omit<GraphOptions, 'training' | 'tokensAtATime'>;

function sceneOf(registry: Registry, options: Omit<GraphOptions, 'tokensAtATime'>, setup: ProgramSetup, bucket: Bucket): Scene {
  const wiring = setup.method.wire(setup.backbone, setup.options);
  return { g: new Graph(registry, { ...options, tokensAtATime: tokensAtATime(setup, wiring, bucket) }), setup, wiring, bucket };
}

/** Head and loss, few rows at a time; the gradient of the last hidden states, where it is `wanted`. */
function headAndLoss(g: Graph, top: Top, output: Output, wanted: boolean): Tensor | undefined {
  const { result: rows, tape } = g.record(() => output.rows(g, top));
  const d_rows = rowLoss(g, rows, output, wanted || trainsAny(tape));
  return d_rows && g.phase('backward', () => backward(g, tape, new Map([[rows, d_rows]]), wanted ? [top.hidden] : [])[0]);
}

/** Forward, loss and gradients of one micro-batch. */
export function traceTraining(registry: Registry, options: TracingOptions, setup: ProgramSetup, bucket: Bucket): ProgramSource {
  const scene = sceneOf(registry, { ...options, training: true }, setup, bucket);
  const { g, wiring } = scene;
  const output = outputKinds[setup.task.head](g, setup, bucket);

  const runs: StackRun[] = [];
  for (const stack of numberedStacks(setup.backbone)) runs.push(trainStack(scene, stack, runs));
  const top = runs.at(-1) as StackRun;

  const d_hidden = headAndLoss(g, { ...top, adaptation: wiring.adaptation }, output, top.trains);

  g.phase('backward', () => {
    const d_results = new Map([[top, d_hidden]]);
    for (const run of runs.toReversed()) {
      const d_result = d_results.get(run);
      if (!d_result || !run.trains) continue;
      const d_given = run.backward(d_result);
      if (run.reads) d_results.set(run.reads, d_given);
    }
  });
  wiring.adaptation.linear?.requireFound?.();
  return { name: programName('training', bucket.length), graph: g };
}

/** What is measured of one batch, into the result `outputs`. */
export function traceEvaluation(
  registry: Registry,
  options: TracingOptions,
  run: ProgramSetup,
  bucket: Bucket,
  rows = run.batch_size,
): ProgramSource {
  const setup = { ...run, batch_size: rows };
  const scene = sceneOf(registry, { ...options, training: false }, setup, bucket);
  const { g, wiring } = scene;
  const output = outputKinds[setup.task.head](g, setup, bucket);
  const results: StackResult[] = [];
  for (const stack of numberedStacks(setup.backbone)) results.push(evaluateStack(scene, stack, results));
  const top = results.at(-1) as StackResult;
  const measured = output.measured(g, output.rows(g, { ...top, adaptation: wiring.adaptation }));
  const places = Math.max(...evaluationShapes(run).map(output.measures));
  const state = registry.result('outputs', [places, ...measured.shape.slice(1)], 'f32');
  g.scope('head', () => copyInto(g, measured, state));
  return { name: programName('evaluation', bucket.length), graph: g };
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
  const { method, options, backbone, buckets } = setup;
  const positions = positionsOf(backbone.config);
  for (const { length, target_length = length } of buckets)
    requireLength({ length: Math.max(length, target_length), positions, method, options, model: 'the model' });
  const registry = new Registry(setup.max_binding);
  const tracing = {
    trains: (parameter: Pick<Parameter, 'name' | 'owner' | 'dense'>) => method.trains(parameter, options),
    storedType: setup.storedType,
  };
  const trace = {
    training: () => buckets.map((bucket) => traceTraining(registry, tracing, setup, bucket)),
    evaluation: () => evaluationShapes(setup).map((shape) => traceEvaluation(registry, tracing, setup, shape, shape.rows)),
  };
  const sources = setup.purposes.flatMap((purpose) => trace[purpose]());
  requireAdamw(registry, setup);
  if (setup.purposes.includes('training')) requireSaved({ ...setup, head: setup.task.head }, registry.parameters.keys());
  const plan = planRun(registry, sources, stepPrograms(registry, tracing, setup), setup.forms ? { forms: setup.forms } : {});
  return { plan, registry };
}
