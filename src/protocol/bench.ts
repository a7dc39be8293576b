// What `npm run bench:gpu` and the address #bench report of a device. Plain values: it is a JSON file, and goes over the wire while it grows. Not here: how it is
// measured (src/measure). Invariant: a report that was cut off is a report: what is not measured yet is not there.

import type { GranularityName, MethodName, PolicyName } from './config.ts';
import type { DeviceBest } from './profile.ts';

/** `usual`: the models and batches that people train, for GPUs. `tiny`: the same stages in small, for trying them out on a processor. */
export const benchSizes = ['usual', 'tiny'] as const;
export type BenchSizes = (typeof benchSizes)[number];

export interface BenchDevice {
  readonly name: string;
  readonly software: boolean;
  readonly info: Readonly<Record<string, string>>;
  /** What the adapter offers, and what of it Retrace asks for. */
  readonly adapter: { readonly features: readonly string[]; readonly limits: Readonly<Record<string, number>> };
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

/** How a stage ended: `limit`, its time was over; `left out`, it had none; `stopped`, somebody asked. What it had found until then stands in the report. */
export interface BenchStage {
  readonly name: string;
  readonly ended: 'done' | 'limit' | 'left out' | 'stopped' | 'failed';
  readonly seconds: number;
  readonly error?: string;
}

/** A matrix product at a layer of a model. */
export interface ProductRow {
  readonly model: string;
  readonly kernel: string;
  /** `first`, or the name of another. */
  readonly form: string;
  readonly M: number;
  readonly K: number;
  readonly N: number;
  readonly gflops: number;
}

export interface StepCase {
  readonly model: string;
  readonly method: MethodName;
  readonly policy: PolicyName;
  readonly granularity: GranularityName;
  readonly batch: number;
  readonly length: number;
}

/** Whole training steps. */
export interface StepRow extends StepCase {
  /** Median of steps that are each waited for, and how many there were. */
  readonly ms: number;
  readonly steps: number;
  /** Mean of as many steps where two are under way at a time, as in a run. */
  readonly pipelined_ms: number;
  /** From nothing to the loss of the first step: planning, allocating, compiling what no case before has compiled, weights, the step. */
  readonly first_step_ms: number;
  readonly planning_ms: number;
  readonly dispatches: number;
  /** By plan, which is what is allocated. */
  readonly bytes: number;
  readonly activation_and_workspace: number;
  /** Operations of matrix products and attention, two a multiply-add. */
  readonly flops: number;
  /** Of a step that was timed dispatch by dispatch: the sum, and what of it each kernel family took. */
  readonly profiled_ms: number;
  readonly families: Readonly<Record<string, number>>;
}

/** A step that could not be measured. */
export interface FailedStep extends StepCase {
  readonly error: string;
}

/** Whether a policy at a granularity gives the bits of `store`. */
export interface ExactRow {
  readonly policy: PolicyName;
  readonly granularity: GranularityName;
  /** Words of gradients and parameters after two steps, and how many differ. */
  readonly words: number;
  readonly differing_words: number;
}

/** What some steps on made-up texts taught. */
export interface LearningRow {
  readonly method: MethodName;
  readonly policy: PolicyName;
  readonly losses: readonly number[];
  /** Of texts that were not trained on; chance is one in the number of classes. */
  readonly accuracy: number;
  readonly classes: number;
}

export interface BenchReport {
  readonly retrace: string;
  readonly sizes: BenchSizes;
  /** As ISO 8601. */
  readonly began: string;
  readonly device: BenchDevice;
  readonly stages: readonly BenchStage[];
  readonly best?: DeviceBest;
  /** Of an empty submit, and of a dispatch that has next to nothing to do. */
  readonly overheads?: { readonly round_trip_ms: number; readonly dispatch_us: number };
  readonly products: readonly ProductRow[];
  /** Of kernels by class of shapes, what was chosen by timing; nothing: the first form. */
  readonly forms: Readonly<Record<string, readonly string[]>>;
  readonly steps: readonly (StepRow | FailedStep)[];
  readonly exact: readonly ExactRow[];
  readonly learning: readonly LearningRow[];
}

/** While a device is measured: the report so far, and what is measured now. */
export interface BenchEvent {
  readonly type: 'bench';
  readonly report: BenchReport;
  readonly now: string;
  /** Stages that have ended, of how many. */
  readonly done: number;
  readonly of: number;
}
