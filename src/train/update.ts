// The small programs around the training programs: `begin` clears what a step sums into, `watch` clears the status before an evaluation, `update`
// clips the gradients and takes the optimizer's step. They work on packed ranges, so they are traced once it is known what is packed where.
// Not here: forward and backward (programs.ts), numbers of a step (trainer.ts). Invariant: one clip factor for all ranges, made before any update.

import { Graph, type GraphOptions, type Registry, type Tensor } from '../graph/ir.ts';
import { clear } from '../graph/ops/elementwise.ts';
import { clipScale, partialSums, squareSum, updateElements } from '../graph/ops/optimizer.ts';
import { statusOf } from '../graph/ops/stream.ts';
import type { PersistentLayout, TrainableRange } from '../graph/plan/persistent.ts';
import type { ProgramSource } from '../graph/plan/plan.ts';
import type { TrainingArguments } from '../protocol/config.ts';

/** What of the training arguments an update is made from. */
export type OptimizerArguments = Pick<TrainingArguments, 'adam_beta1' | 'adam_beta2' | 'adam_epsilon' | 'weight_decay'>;

/** Slots of the `metrics` state. */
export const metricSlots = { loss: 0, grad_norm: 1, clip: 2 } as const;

/** Sums of a step: loss, gradient norm, clip factor. */
export const metricsOf = (registry: Registry): Tensor => registry.state('metrics', [8], 'f32');

const program = (registry: Registry, options: GraphOptions, name: string, trace: (g: Graph) => void): ProgramSource => {
  const graph = new Graph(registry, options);
  graph.phase(name, () => trace(graph));
  return { name, graph };
};

/** Clears the status: run before an evaluation program. */
const traceWatch = (registry: Registry, options: GraphOptions): ProgramSource =>
  program(registry, options, 'watch', (g) => clear(g, statusOf(g)));

/** Clears status, sums and gradients: run before the first micro-batch of a step. */
const traceBegin = (registry: Registry, options: GraphOptions, ranges: readonly TrainableRange[]): ProgramSource =>
  program(registry, options, 'begin', (g) => {
    clear(g, statusOf(g));
    clear(g, metricsOf(registry));
    for (const { gradient } of ranges) clear(g, gradient);
  });

/** Clips by the global norm and updates every range: run after the last micro-batch of a step. */
const traceUpdate = (
  registry: Registry,
  options: GraphOptions,
  ranges: readonly TrainableRange[],
  { adam_beta1: beta1, adam_beta2: beta2, adam_epsilon: eps, weight_decay }: OptimizerArguments,
): ProgramSource =>
  program(registry, options, 'update', (g) => {
    const metrics = metricsOf(registry);
    const partials = registry.state('partials', [ranges.length * partialSums], 'f32');
    for (const [i, { gradient }] of ranges.entries()) squareSum(g, gradient, partials, i * partialSums);
    clipScale(g, partials, metrics, metricSlots.grad_norm);
    for (const { parameter, gradient, exp_avg, exp_avg_sq, decay } of ranges) {
      const numbers = { beta1, beta2, eps, weight_decay: decay ? weight_decay : 0, lr_scale: 1, slot: metricSlots.clip };
      updateElements(g, 'adamw', { parameter, gradient, exp_avg, exp_avg_sq, scalars: metrics }, numbers);
    }
  });

/** The programs around those of a run, once its trainables are packed: for evaluations, and where it trains for steps. */
export const stepPrograms =
  (
    registry: Registry,
    options: Omit<GraphOptions, 'training'>,
    { optimizer, purposes }: { readonly optimizer: OptimizerArguments; readonly purposes: readonly ('training' | 'evaluation')[] },
  ) =>
  ({ ranges }: PersistentLayout): ProgramSource[] => {
    const trained = { ...options, training: true };
    const watch = traceWatch(registry, trained);
    if (!purposes.includes('training')) return [watch];
    return [traceBegin(registry, trained, ranges), watch, traceUpdate(registry, trained, ranges, optimizer)];
  };
