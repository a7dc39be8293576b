// A run's history as rows in the names of Transformers' Trainer, from the events that a run sends: what trainer_state.json, TensorBoard's file and the
// CSV are made of. Numbers only, none of the user's texts. Invariant: a row says what was measured at its step, and nothing that was not.

import type { TrainingArguments } from '../../protocol/config.ts';
import type { RunEvent } from '../../protocol/messages.ts';

/** A run as it ended, or as far as it came. */
export interface RunRecord {
  /** Steps and evaluations, in their order; others are passed over. */
  readonly events: readonly RunEvent[];
  readonly training: TrainingArguments;
  readonly max_steps: number;
  readonly train_examples: number;
  readonly best?: { readonly step: number; readonly value: number } | undefined;
  /** When the last of it was saved, in milliseconds since 1970. */
  readonly ended_at: number;
}

/** Numbers of one moment, by Trainer's names. `step` and `epoch` are always there. */
export interface LogRow {
  readonly values: Readonly<Record<string, number>>;
  readonly step: number;
  readonly epoch: number;
  /** Seconds since the run began, pauses left out. */
  readonly seconds: number;
}

type StepEvent = Extract<RunEvent, { type: 'step' }>;
type EvaluateEvent = Extract<RunEvent, { type: 'evaluate' }>;

const trained = ({ loss, grad_norm, learning_rate }: StepEvent, num_input_tokens_seen: number) => ({
  loss,
  grad_norm,
  learning_rate,
  num_input_tokens_seen,
});

function evaluated({ metrics, examples, ms }: EvaluateEvent, batch_size: number): Record<string, number> {
  const measured = Object.entries(metrics).map(([name, value]) => [`eval_${name}`, value] as const);
  const seconds = ms / 1000;
  return {
    ...Object.fromEntries(measured),
    eval_runtime: seconds,
    eval_samples_per_second: examples / seconds,
    eval_steps_per_second: Math.ceil(examples / batch_size) / seconds,
  };
}

/** One row a step and an evaluation, and where any step was made a last one of the whole. */
export function logHistory({ events, training, train_examples }: RunRecord): LogRow[] {
  const rows: LogRow[] = [];
  let [seconds, tokens, losses, steps, epoch] = [0, 0, 0, 0, 0];
  for (const event of events) {
    if (event.type !== 'step' && event.type !== 'evaluate') continue;
    seconds += event.ms / 1000;
    if (event.type === 'evaluate') {
      rows.push({ values: evaluated(event, training.batch_size), step: event.step, epoch, seconds });
      continue;
    }
    [tokens, losses, steps, epoch] = [tokens + event.tokens, losses + event.loss, steps + 1, event.epoch];
    rows.push({ values: trained(event, tokens), step: event.step, epoch, seconds });
  }
  const last = rows.at(-1);
  if (last === undefined || steps === 0) return rows;
  const whole = {
    train_loss: losses / steps,
    train_runtime: seconds,
    train_samples_per_second: (epoch * train_examples) / seconds,
    train_steps_per_second: steps / seconds,
  };
  return [...rows, { ...last, values: whole }];
}
