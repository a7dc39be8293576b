// The records of a run against what reads such files: TensorBoard's own bytes (vectors/record.py), and the keys of Trainer's state.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { defaultTraining } from '../../protocol/config.ts';
import type { RunEvent } from '../../protocol/messages.ts';
import type { RunRecord } from './log_history.ts';
import { isRunRecord, runRecords } from './run_records.ts';
import { crc32c, tagOf, tensorboardEvents } from './tensorboard.ts';
import { trainerState } from './trainer_state.ts';

const step = (number: number, loss: number): RunEvent => ({
  type: 'step',
  step: number,
  max_steps: 300,
  epoch: number / 4,
  loss,
  learning_rate: 1e-3 / number,
  grad_norm: 0.5,
  tokens: 40,
  ms: 250,
  magnitude: { value: 1, at: 'encoder.layer.0' },
});
const evaluation = (at: number, accuracy: number): RunEvent => ({
  type: 'evaluate',
  step: at,
  metrics: { loss: 0.75, accuracy },
  best: true,
  confusion: {
    labels: ['=1+1', 'b'],
    counts: [
      [1, 0],
      [0, 1],
    ],
  } as never,
  examples: 10,
  ms: 500,
});
const run: RunRecord = {
  events: [step(1, 1.5), { type: 'phase', phase: 'saving' }, step(2, 0.5), evaluation(2, 0.5), step(300, 0.25), evaluation(300, 0.75)],
  training: { ...defaultTraining, batch_size: 4, epochs: 2.5 },
  max_steps: 300,
  train_examples: 16,
  best: { step: 300, value: 0.75 },
  ended_at: 1_700_000_010_000,
};
const files = new Map(runRecords(run).map(({ path, bytes }) => [path, bytes]));
const textOf = (path: string) => new TextDecoder().decode(files.get(path));

test('there are three, known again by their names', () => {
  expect([...files.keys()]).toEqual(['trainer_state.json', 'events.out.tfevents.1700000010.retrace', 'history.csv']);
  expect([...files.keys()].every(isRunRecord)).toBe(true);
  expect(isRunRecord('adapter_config.json')).toBe(false);
});

test('CRC-32C has its check value', () => {
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
});

test("TensorBoard's file is byte for byte what TensorBoard writes of the same scalars", () => {
  expect(tensorboardEvents(run)).toEqual(new Uint8Array(readFileSync(new URL('vectors/events.tfevents', import.meta.url))));
  expect(['loss', 'eval_accuracy', 'train_runtime'].map(tagOf)).toEqual(['train/loss', 'eval/accuracy', 'train/train_runtime']);
});

test("trainer_state.json has Trainer's keys, sorted, and the history in its names", () => {
  const state = JSON.parse(textOf('trainer_state.json'));
  expect(Object.keys(state)).toEqual(
    'best_global_step best_metric best_model_checkpoint epoch eval_steps global_step is_hyper_param_search is_local_process_zero is_world_process_zero log_history logging_steps max_steps num_input_tokens_seen num_train_epochs save_steps stateful_callbacks total_flos train_batch_size trial_name trial_params'.split(
      ' ',
    ),
  );
  expect(state).toMatchObject({
    best_global_step: 300,
    best_metric: 0.75,
    epoch: 75,
    global_step: 300,
    num_input_tokens_seen: 120,
    num_train_epochs: 75,
  });
  expect(state.log_history).toEqual([
    { epoch: 0.25, grad_norm: 0.5, learning_rate: 0.001, loss: 1.5, num_input_tokens_seen: 40, step: 1 },
    { epoch: 0.5, grad_norm: 0.5, learning_rate: 0.0005, loss: 0.5, num_input_tokens_seen: 80, step: 2 },
    { epoch: 0.5, eval_accuracy: 0.5, eval_loss: 0.75, eval_runtime: 0.5, eval_samples_per_second: 20, eval_steps_per_second: 6, step: 2 },
    { epoch: 75, grad_norm: 0.5, learning_rate: 1e-3 / 300, loss: 0.25, num_input_tokens_seen: 120, step: 300 },
    {
      epoch: 75,
      eval_accuracy: 0.75,
      eval_loss: 0.75,
      eval_runtime: 0.5,
      eval_samples_per_second: 20,
      eval_steps_per_second: 6,
      step: 300,
    },
    {
      epoch: 75,
      step: 300,
      train_loss: 0.75,
      train_runtime: 1.75,
      train_samples_per_second: 1200 / 1.75,
      train_steps_per_second: 3 / 1.75,
    },
  ]);
  expect(textOf('trainer_state.json')).toMatch(/^\{\n {2}"best_global_step": 300,\n[\s\S]*\}\n$/);
  const asked = trainerState({ ...run, training: { ...run.training, max_steps: -1 } });
  expect(JSON.parse(new TextDecoder().decode(asked))).toMatchObject({ num_train_epochs: 3 });
});

test('the table has a row a step, evaluations beside them, and no text of the user', () => {
  const [head, ...rows] = textOf('history.csv')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));
  expect(head).toEqual(
    'step,train/epoch,train/seconds,train/loss,train/grad_norm,train/learning_rate,train/num_input_tokens_seen,eval/loss,eval/accuracy,eval/runtime,eval/samples_per_second,eval/steps_per_second'.split(
      ',',
    ),
  );
  expect(rows.map(([at]) => at)).toEqual(['1', '2', '300']);
  expect(rows[0]?.slice(7)).toEqual(['', '', '', '', '']);
  expect(rows[1]?.[8]).toBe('0.5');
  expect(rows.flat().every((cell) => cell === '' || Number.isFinite(Number(cell)))).toBe(true);
});

test('a run that made no step has records too', () => {
  const empty = new Map(runRecords({ ...run, events: [] }).map(({ path, bytes }) => [path, bytes]));
  expect(JSON.parse(new TextDecoder().decode(empty.get('trainer_state.json')))).toMatchObject({ global_step: 0, log_history: [] });
  expect(new TextDecoder().decode(empty.get('history.csv'))).toBe('step\n');
});
