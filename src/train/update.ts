// The small programs around the training programs: `begin` clears what a step sums into, `watch` clears the status before an evaluation, `update`
// clips the gradients and takes the optimizer's step. They work on slabs, so they are traced once it is known which trainables lie in which.
// Not here: forward and backward (programs.ts), numbers of a step (trainer.ts). Invariant: one clip factor for all slabs, made before any update.

import { Graph, type GraphOptions } from '../graph/graph.ts';
import { clear } from '../graph/ops/elementwise.ts';
import { clipScale, partialSums, squareSum } from '../graph/ops/optimizer.ts';
import { statusOf } from '../graph/ops/watch.ts';
import type { Registry } from '../graph/registry.ts';
import type { Parameter, Tensor } from '../graph/tensor.ts';
import { type ParameterGroup, packedKind, type TrainableSlab } from '../plan/persistent.ts';
import type { ProgramSource, StepSource } from '../plan/plan.ts';
import type { OptimizerArguments } from './optimizers/optimizer.ts';
import { optimizers } from './optimizers/registry.ts';

export type { OptimizerArguments };

/** Slots of the `metrics` result. */
export const metricSlots = { loss: 0, grad_norm: 1, clip: 2 } as const;

/** Sums of a step: loss, gradient norm, clip factor. */
export const metricsOf = (registry: Registry): Tensor => registry.result('metrics', [8], 'f32');

const program = (registry: Registry, options: GraphOptions, name: string, trace: (g: Graph) => void): ProgramSource => {
  const graph = new Graph(registry, options);
  graph.phase(name, () => trace(graph));
  return { name, graph };
};

/** Clears the status: run before an evaluation program. */
const traceWatch = (registry: Registry, options: GraphOptions): ProgramSource =>
  program(registry, options, 'watch', (g) => clear(g, statusOf(g)));

/** Clears status, sums and gradients: run before the first micro-batch of a step. */
const traceBegin = (registry: Registry, options: GraphOptions, slabs: readonly TrainableSlab[]): ProgramSource =>
  program(registry, options, 'begin', (g) => {
    clear(g, statusOf(g));
    clear(g, metricsOf(registry));
    for (const slab of slabs) clear(g, packedKind(slab, 'gradient').whole);
  });

/** Clips by the global norm and updates every slab: run after the last micro-batch of a step. */
const traceUpdate = (
  registry: Registry,
  options: GraphOptions,
  slabs: readonly TrainableSlab[],
  training: OptimizerArguments,
): ProgramSource =>
  program(registry, options, 'update', (g) => {
    const metrics = metricsOf(registry);
    // The last one is the host's, where a part of the model lives off the GPU.
    const hosts = registry.hostParameters.length > 0 ? 1 : 0;
    const gradients = slabs.map((slab) => packedKind(slab, 'gradient').whole);
    const sums = gradients.map(partialSums);
    const before = (i: number) => sums.slice(0, i).reduce((all, own) => all + own, 0);
    const partials = registry.result('partials', [before(slabs.length) + hosts], 'f32');
    for (const [i, gradient] of gradients.entries()) squareSum(g, gradient, partials, before(i));
    clipScale(g, partials, metrics, metricSlots.grad_norm);
    optimizers[training.optim].update({ g, slabs, training, scalars: metrics, slot: metricSlots.clip });
  });

interface Rate {
  readonly name: string;
  readonly lr_scale: number;
  holds(parameter: Parameter): boolean;
}

/** Parameters that learn at a rate of their own, then the rest. */
function rates({ learning_rate, head_learning_rate }: OptimizerArguments): Rate[] {
  const rest = { name: '', lr_scale: 1, holds: () => true };
  return head_learning_rate === undefined
    ? [rest]
    : [{ name: 'head', lr_scale: head_learning_rate / learning_rate, holds: ({ owner }) => owner === 'head' }, rest];
}

/** What is updated with equal numbers: by learning rate, and by whether weight decay applies. */
export const parameterGroups = (training: OptimizerArguments): ParameterGroup[] =>
  rates(training).flatMap(({ name, lr_scale, holds }) =>
    [true, false].map((decay) => ({
      name: `${name} ${decay ? 'decayed' : 'plain'}`.trim(),
      weight_decay: decay ? training.weight_decay : 0,
      lr_scale,
      holds: (parameter) => parameter.decay === decay && holds(parameter),
    })),
  );

/** The programs around those of a run, once its trainables are packed: for evaluations, and where it trains for steps. */
export function stepPrograms(
  registry: Registry,
  options: Omit<GraphOptions, 'training'>,
  { optimizer, purposes }: { readonly optimizer: OptimizerArguments; readonly purposes: readonly ('training' | 'evaluation')[] },
): StepSource {
  const trained = { ...options, training: true };
  const trains = purposes.includes('training');
  const groups = parameterGroups(optimizer);
  return {
    packing: { groups, trains, states: trains ? optimizers[optimizer.optim].states(optimizer) : [] },
    trace(slabs) {
      const watch = traceWatch(registry, trained);
      return trains ? [traceBegin(registry, trained, slabs), watch, traceUpdate(registry, trained, slabs, optimizer)] : [watch];
    },
  };
}
