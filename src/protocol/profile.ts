// What a profile of a training step says, as page, command line and reports of measurements have it. Plain values: it goes over the wire and into the
// record of a run. Not here: how it is measured (src/gpu/profiler.ts, src/measure).

import type { BenchReport, BenchSizes } from './bench.ts';

/** The best that a device reached in the same run. */
export interface DeviceBest {
  /** Of the three matrix products, at shapes of usual layers. */
  readonly gflops: number;
  /** Of a copy from one buffer to another; read and written bytes both count. */
  readonly gb_per_s: number;
}

/** What some dispatches of a step took together. */
export interface ProfileRow {
  readonly name: string;
  readonly dispatches: number;
  readonly ms: number;
  /** Of the time of all dispatches, 0 to 1. */
  readonly share: number;
  /** Milliseconds by phase: `begin`, `forward`, `backward`, `update`. */
  readonly phases: Readonly<Record<string, number>>;
  /** Of matrix products and attention, two operations a multiply-add; 0 where none is counted. */
  readonly gflops: number;
  /** Bytes of the tensors that dispatches bind, each tensor once: the least that they moved. */
  readonly gb_per_s: number;
}

export interface Profile {
  /** The number of the step, from 1. */
  readonly step: number;
  /** Padded length of its batch. */
  readonly length: number;
  /** What measured: timestamps of the device, or the clock around each dispatch, which counts the way there and back too. */
  readonly timer: 'timestamps' | 'clock';
  /** Milliseconds that times are multiples of: what a browser rounds to is far more than many dispatches take. */
  readonly resolution_ms: number;
  readonly dispatches: number;
  /** Sum over all dispatches. */
  readonly ms: number;
  readonly best: DeviceBest;
  /** Longest first. */
  readonly families: readonly ProfileRow[];
  readonly kernels: readonly ProfileRow[];
}

/** A profile, and the same as a file of trace events, which chrome://tracing and Perfetto open. */
export interface ProfiledStep {
  readonly profile: Profile;
  readonly trace: string;
}

/** Of a run, once the step is done; kept in the record of the run. */
export type ProfileEvent = { readonly type: 'profile' } & Profile;

/** Calls that measure. */
export interface MeasureCalls {
  /**
   * Takes one step of the run that goes on dispatch by dispatch: the step `skip` steps ahead, with the bits that it would have had. A run that is paused takes it
   * and is paused again. Errors: `no-run`, `busy`, `no-step-left`.
   */
  profileStep: { argument: { skip?: number }; answer: ProfiledStep };
  /** Measures the device, stage by stage; a `bench` event follows each thing that is found. `stop` ends it, and it answers with what it has. */
  bench: { argument: { sizes: BenchSizes }; answer: BenchReport };
}
