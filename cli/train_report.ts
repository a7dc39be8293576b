// What a run says while it lives: JSON events for programs, a progress line for people. Sends nothing to the session.

import { comparedTimes, type TimedStep } from '../src/protocol/budget.ts';
import type { Evaluation, RunEvent, SavedRun } from '../src/protocol/messages.ts';
import { countText } from '../src/protocol/sentences.ts';
import type { Console } from './console.ts';
import { bytesText, scoreText } from './format.ts';
import { planObject, writingText } from './plan_report.ts';
import { sayWarnings, sendWarnings } from './warnings.ts';

type Of<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;

/** Pace is told from this many steps. */
const paceSteps = 20;

/** The first steps compile and fill caches; after so many more the time of a step is compared with its prediction. */
const [warmUp, comparedSteps] = [2, 5];

export class TrainReport {
  onTraining: () => void = () => undefined;
  onPaused: () => void = () => undefined;
  /** Set where the run is resumed: its past is sent once more, and not repeated here. */
  resumedFrom: number | undefined;
  /** Step of the last checkpoint. */
  lastSaved: number | undefined;
  step = 0;
  steps = 0;
  isTraining = false;
  readonly #console: Console;
  readonly #recent: { ms: number; tokens: number }[] = [];
  readonly #compared: TimedStep[] = [];
  #finished: Of<'finished'> | undefined;
  #epoch: number | undefined;
  #evaluation: Of<'evaluate'> | undefined;
  #reconstruction: Of<'step'>['reconstruction'];

  constructor(console: Console) {
    this.#console = console;
  }

  saved({ step, max_steps }: SavedRun): void {
    this.lastSaved = step;
    this.step = step;
    this.steps = max_steps;
  }

  hear(event: RunEvent): void {
    // The folder that was written, and the error that the command ends with, are said by the command: `saved` and `error` are passed over.
    if (event.type === 'phase') this.#phase(event);
    else if (event.type === 'data') this.#data(event);
    else if (event.type === 'model') this.#model(event);
    else if (event.type === 'plan') this.#plan(event);
    else if (event.type === 'step') this.#step(event);
    else if (event.type === 'evaluate') this.#evaluate(event);
    else if (event.type === 'memory') this.#memory(event);
    else if (event.type === 'finished') {
      this.#finished = event;
      this.#console.event(event);
    }
  }

  #phase({ phase }: Of<'phase'>): void {
    if (phase === 'training' && !this.isTraining) {
      this.isTraining = true;
      if (this.resumedFrom !== undefined) this.#console.say(`resumed at step ${this.resumedFrom}`);
      this.onTraining();
    }
    if (phase === 'paused') this.onPaused();
  }

  #data({ type, labels, numbers, train, evaluation, truncated, max_length, lengths, warnings, sampled_from, reading }: Of<'data'>): void {
    this.#console.event({
      type,
      labels,
      ...(numbers ? { numbers } : {}),
      train,
      evaluation,
      truncated,
      max_length,
      ...(sampled_from === undefined ? {} : { sampled_from }),
      reading,
    });
    for (const sentence of reading) this.#console.say(`data: ${sentence}`);
    const longest = lengths.length - 1;
    const split = evaluation.held_back ? 'held back' : 'given';
    this.#console.say(
      `data: ${countText(train.examples)} examples${numbers ? ` with numbers from ${numbers.least} to ${numbers.most}` : labels.length > 0 ? ` of ${labels.length} classes` : ''}, ${countText(evaluation.examples)} for evaluation (${split}), at most ${longest} tokens`,
    );
    sendWarnings(this.#console, warnings);
    sayWarnings(this.#console, warnings);
    if (truncated === 0) return;
    const all = train.examples + evaluation.examples;
    this.#console.say(
      `data: ${countText(truncated)} of ${countText(all)} texts are longer than ${max_length} tokens and are cut there (--max-length)`,
    );
  }

  #model(event: Of<'model'>): void {
    this.#console.event(event);
    for (const note of event.notes) this.#console.say(`model: ${note}`);
  }

  #plan(event: Of<'plan'>): void {
    const { type, ...report } = event;
    this.#console.event({ type, ...planObject(report) });
    const { bytes, method, policy, streams, writing } = report;
    const how = streams === 'single' ? policy : `${policy} over ${streams} streams`;
    this.#console.say(
      `plan: ${method}, ${how}: ${bytesText(bytes.total)}, of which activations and workspace ${bytesText(bytes.activation + bytes.workspace)}; ${countText(report.trainable_parameters)} parameters train`,
    );
    if (writing !== undefined) this.#console.say(`plan: texts written: ${writingText(writing)}`);
  }

  #step(event: Of<'step'>): void {
    this.step = event.step;
    this.steps = event.max_steps;
    this.#epoch = event.epoch;
    this.#reconstruction = event.reconstruction;
    if (!this.isTraining) return;
    this.#console.event(event);
    this.#compare(event);
    this.#recent.push({ ms: event.ms, tokens: event.tokens });
    if (this.#recent.length > paceSteps) this.#recent.shift();
    const ms = this.#recent.reduce((sum, step) => sum + step.ms, 0);
    const tokens = this.#recent.reduce((sum, step) => sum + step.tokens, 0);
    this.#console.progress({
      label: 'training',
      done: event.step,
      of: event.max_steps,
      leftMs: (ms / this.#recent.length) * (event.max_steps - event.step),
      detail: `loss ${event.loss.toFixed(4)}  ${Math.round((tokens * 1000) / Math.max(1, ms))} tokens/s`,
    });
  }

  /** Says once how long steps take beside what was predicted; a step is compared with its own prediction, for texts are of different lengths. */
  #compare({ ms, predicted_ms }: Of<'step'>): void {
    if (predicted_ms === undefined || this.#compared.length >= warmUp + comparedSteps) return;
    this.#compared.push({ ms, predicted_ms });
    const warm = this.#compared.slice(warmUp);
    if (warm.length < comparedSteps) return;
    const { measured, predicted, text } = comparedTimes(warm);
    this.#console.event({
      type: 'pace',
      steps: warm.length,
      measured_ms: measured,
      predicted_ms: predicted,
      error: predicted / measured - 1,
    });
    this.#console.say(`pace: ${text}`);
  }

  #evaluate(event: Of<'evaluate'>): void {
    this.#evaluation = event;
    if (!this.isTraining) return;
    const { confusion: _, scatter: __, metrics, ...facts } = event;
    const { step, epoch, best } = facts;
    this.#console.event({ ...facts, ...metrics });
    this.#console.say(`step ${step}${epochText(epoch)}: ${metricsText(metrics)}${writtenText(event)}${best ? '  (best so far)' : ''}`);
  }

  #memory({ type, live, peak, total, planned, host }: Of<'memory'>): void {
    this.#console.event({ type, live, peak, total, planned, ...(host ? { host } : {}) });
    if (total !== planned) this.#console.say(`memory: ${countText(total)} bytes are allocated where ${countText(planned)} were planned`);
  }

  /** What undoing float layers lost in the last step, bottom first. */
  #lostByUndoing(): string {
    if (!this.#reconstruction) return '';
    const errors = this.#reconstruction.map(({ layer, error }) => `${layer} ${error.toPrecision(2)}`);
    return `\nlost by undoing layers over float streams, relative: ${errors.join(', ')}`;
  }

  /** How it ended, for people. */
  summary(): string {
    const { reason, best } = this.#finished ?? {};
    const kept = best ? `; kept is step ${best.step}, ${metricText(best.metric, best.value)}` : '';
    const last = this.#evaluation ? `\nlast evaluation: ${metricsText(this.#evaluation.metrics)}${writtenText(this.#evaluation)}` : '';
    return `${reason ?? 'completed'} at step ${this.step}${epochText(this.#epoch)}${kept}${last}${this.#lostByUndoing()}`;
  }
}

const epochText = (epoch: number | undefined): string => (epoch === undefined ? '' : ` (epoch ${Number(epoch.toFixed(2))})`);

const metricText = (name: string, value: number): string => `${name} ${scoreText(name, value)}`;

/** How much of an evaluation was written; nothing where nothing was. */
export const writtenText = ({ written, examples }: Evaluation): string =>
  written === undefined ? '' : `  (written: ${countText(written)} of ${countText(examples)})`;

/** `accuracy 91.2 %  f1 90.8 %  loss 0.3120` */
export const metricsText = (metrics: Readonly<Record<string, number>>): string =>
  Object.entries(metrics)
    .map(([name, value]) => metricText(name, value))
    .join('  ');
