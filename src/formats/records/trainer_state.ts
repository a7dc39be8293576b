// trainer_state.json as Transformers' Trainer leaves it beside a checkpoint, for the tools that read it: keys sorted, indented by 2, a line break at
// the end. What Retrace does not count is null or 0, as there.

import { epochsOf } from '../../protocol/epochs.ts';
import { jsonBytes } from '../adapter_archive.ts';
import { logHistory, type RunRecord } from './log_history.ts';

const sorted = (record: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));

export function trainerState(run: RunRecord): Uint8Array {
  const rows = logHistory(run);
  const last = rows.at(-1);
  const { training, max_steps, best } = run;
  return jsonBytes(
    sorted({
      best_global_step: best?.step ?? null,
      best_metric: best?.value ?? null,
      best_model_checkpoint: null,
      epoch: last?.epoch ?? 0,
      eval_steps: training.eval_steps,
      global_step: last?.step ?? 0,
      is_hyper_param_search: false,
      is_local_process_zero: true,
      is_world_process_zero: true,
      log_history: rows.map(({ values, step, epoch }) => sorted({ ...values, epoch, step })),
      logging_steps: 1,
      max_steps,
      num_input_tokens_seen: rows.reduce((most, { values }) => Math.max(most, values['num_input_tokens_seen'] ?? 0), 0),
      num_train_epochs: epochsOf(training, max_steps, run.train_examples),
      save_steps: training.save_steps,
      stateful_callbacks: {},
      total_flos: 0,
      train_batch_size: training.batch_size,
      trial_name: null,
      trial_params: null,
    }),
  );
}
