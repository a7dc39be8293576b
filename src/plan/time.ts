// How long a step takes, predicted from what its dispatches cost: each takes a launch, and its arithmetic or its traffic of memory, whichever is more, over the
// share of the device that its workgroups fill. Not here: how the rates of a device are measured (src/measure/rates.ts). Pure.
// Invariant: rates come from kernels that are timed by themselves, never from the steps that they are to predict.

import type { Tensor } from '../graph/tensor.ts';
import type { KernelName } from '../kernels/table.ts';
import { costsOfNode, type DispatchCost } from './cost.ts';
import type { LoweredGraph, LoweredNode } from './lower.ts';
import type { Plan } from './plan.ts';
import type { Location } from './storage.ts';

/** Of kernels that multiply matrices: multiply-adds per millisecond. */
const arithmeticKinds = ['product', 'weight_gradient', 'attention', 'attention_backward'] as const;
/** Of all others: bytes read and written per millisecond, element by element or a row a thread. */
const memoryKinds = ['elements', 'rows'] as const;

export const rateKinds = [...arithmeticKinds, ...memoryKinds] as const;
export type RateKind = (typeof rateKinds)[number];

/** What the time of a dispatch depends on, of a device. */
export interface DeviceRates {
  /** Milliseconds of a dispatch that computes next to nothing. */
  readonly dispatch_ms: number;
  /** Workgroups that keep every core busy; a dispatch of fewer leaves some idle. */
  readonly full_groups: number;
  readonly rates: Readonly<Record<RateKind, number>>;
}

/**
 * A typical processor, for plans where no device is at hand: SwiftShader on two cores of a server that had other work too, the medians of three measurements by
 * `measureRates` (src/measure/rates.ts). Which of two plans is faster they say well enough, how many milliseconds they do not.
 */
export const typicalRates: DeviceRates = {
  dispatch_ms: 0.058,
  full_groups: 2.4,
  rates: { product: 1.14e6, weight_gradient: 7.1e5, attention: 2.4e5, attention_backward: 2.5e5, elements: 4e5, rows: 2.7e5 },
};

const kinds: Partial<Record<KernelName, RateKind>> = {
  gemm_tn: 'weight_gradient',
  gemm_tn_ragged: 'weight_gradient',
  attention: 'attention',
  attention_backward_q: 'attention_backward',
  attention_backward_kv: 'attention_backward',
  ...Object.fromEntries(
    [
      'layer_norm',
      'layer_norm_backward',
      'layer_norm_parameters',
      'rms_norm',
      'rms_norm_backward',
      'rms_norm_weight',
      'column_sum',
      'column_dot',
    ].map((name) => [name, 'rows' as const]),
  ),
};

const kindOf = ({ kernel, multiplyAdds }: DispatchCost): RateKind => kinds[kernel] ?? (multiplyAdds > 0 ? 'product' : 'elements');

/** Milliseconds of a dispatch. */
export function dispatchMs(cost: DispatchCost, { dispatch_ms, full_groups, rates }: DeviceRates): number {
  const kind = kindOf(cost);
  const bytes = cost.bytes_read + cost.bytes_written;
  const work = cost.multiplyAdds > 0 ? Math.max(cost.multiplyAdds / rates[kind], bytes / rates.elements) : bytes / rates[kind];
  return dispatch_ms + work / Math.min(1, cost.workgroups / full_groups);
}

const nodeMs = (node: LoweredNode, locate: (tensor: Tensor) => Location, device: DeviceRates): number =>
  costsOfNode(node, locate).reduce((sum, cost) => sum + dispatchMs(cost, device), 0);

/** Milliseconds of a program: its dispatches run one after the other. What its host calls take is not counted. */
export const programMs = ({ nodes, locate }: LoweredGraph, device: DeviceRates): number =>
  nodes.reduce((sum, node) => sum + nodeMs(node, locate, device), 0);

/** Milliseconds of steps, by the programs of their slices: those, and what stands before the first and behind the last. Each program is gone through once. */
export function stepTimes({ programs }: Pick<Plan, 'programs'>, device: DeviceRates): (slices: readonly string[]) => number {
  const known = new Map<string, number>();
  const msOf = (name: string): number => {
    const program = programs.get(name);
    const ms = known.get(name) ?? (program ? programMs(program.lowered, device) : 0);
    known.set(name, ms);
    return ms;
  };
  return (slices) => ['begin', ...slices, 'update'].reduce((sum, name) => sum + msOf(name), 0);
}
