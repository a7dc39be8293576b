// A step of a run that is timed dispatch by dispatch because somebody asked. It is a step of the run like any other: the same programs in the same order,
// so the same bits; it only takes longer. Not here: the timing (src/gpu) and the sums (src/measure).
// Invariant: whoever asked is answered, at the latest when the run ends.

import type { Batch } from '../../data/batches.ts';
import { profileOf } from '../../measure/profile.ts';
import { traceOf } from '../../measure/trace.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { DeviceBest, Profile, ProfiledStep } from '../../protocol/profile.ts';
import type { StepResult } from '../../train/trainer.ts';
import type { Engine } from '../engine/engine.ts';

interface Asked {
  /** The first step, from 0, that may be the one. */
  readonly from: number;
  best(): Promise<DeviceBest>;
  resolve(profiled: ProfiledStep): void;
  reject(error: RetraceError): void;
}

export class Profiling {
  #asked: Asked | undefined;

  /** The profile of step `from` (from 0), or of the next that begins. `best` is measured right after it. Errors: `busy`, `no-step-left`. */
  ask(from: number, best: () => Promise<DeviceBest>): Promise<ProfiledStep> {
    if (this.#asked) throw new RetraceError({ code: 'busy', message: 'A step is already being profiled.', remedy: 'Wait for its end.' });
    return new Promise((resolve, reject) => {
      this.#asked = { from, best, resolve, reject };
    });
  }

  due(step: number): boolean {
    return this.#asked !== undefined && step >= this.#asked.from;
  }

  /** Takes step `step` (from 0), and answers; nothing else may be under way. */
  async take(engine: Engine, step: number, batches: readonly Batch[]): Promise<{ result: StepResult; ms: number; profile: Profile }> {
    const asked = this.#asked as Asked;
    const { trainer, executor, report } = engine;
    const begin = performance.now();
    const { calls, ...result } = await trainer.timedStep(step, batches);
    const ms = performance.now() - begin;
    const length = batches[0]?.length ?? 0;
    const profile = profileOf(calls, { step: result.step, length, timer: executor.timer, best: await asked.best() });
    this.#asked = undefined;
    asked.resolve({ profile, trace: traceOf(calls, `${report.model}, ${report.method}, ${report.policy}`) });
    return { result, ms, profile };
  }

  /** The run has ended: whoever still waits gets nothing. */
  end(): void {
    this.#asked?.reject(
      new RetraceError({
        code: 'no-step-left',
        message: 'The run ended before the step that was to be profiled.',
        where: 'max_steps',
        remedy: 'Profile an earlier step, or give the run more steps.',
      }),
    );
    this.#asked = undefined;
  }
}
