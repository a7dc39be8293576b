import { expect, test } from 'vitest';
import { methodCards } from '../src/session/models/method_cards.ts';
import { readFlags } from './flags.ts';
import { configOf, settingsOf } from './settings.ts';

const trainingOf = async (...args: string[]) => {
  const { given } = readFlags('plan', args);
  return (await configOf(await settingsOf(given, methodCards(), async () => ({ inputs: 'text', positions: 512 })))).training;
};

test('an optimizer brings its own numbers and its share of the method’s learning rate; what is given stands', async () => {
  expect(await trainingOf()).toMatchObject({ optim: 'adamw', lr_scheduler_type: 'linear', learning_rate: 3e-3, adam_beta2: 0.98 });
  expect(await trainingOf('--optim', 'lion')).toMatchObject({ optim: 'lion', learning_rate: 1e-3, adam_beta2: 0.99 });
  expect(await trainingOf('--optim', 'sgd', '--learning-rate', '1', '--momentum', '0')).toMatchObject({ learning_rate: 1, momentum: 0 });
});

test('dropout is the model’s own unless it is given, and may be given as none', async () => {
  expect(await trainingOf()).not.toHaveProperty('dropout');
  expect(await trainingOf('--dropout', '0')).toMatchObject({ dropout: 0 });
});

test('schedule and the head’s learning rate come from flags; a head rate that is not given is not there', async () => {
  expect(await trainingOf()).not.toHaveProperty('head_learning_rate');
  const training = await trainingOf('--lr-scheduler-type', 'cosine', '--head-learning-rate', '0.01');
  expect(training).toMatchObject({ lr_scheduler_type: 'cosine', head_learning_rate: 0.01 });
  await expect(trainingOf('--optim', 'adam')).rejects.toThrow("--optim is 'adam'; it may be adamw, sgd, adafactor, lion.");
  await expect(trainingOf('--momentum', '1')).rejects.toMatchObject({ code: 'usage', where: '--momentum' });
});
