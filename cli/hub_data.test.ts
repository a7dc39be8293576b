// The command line and data sets of the hub, which is a double on loopback: trained by name alone, gone on with offline, inspected, refused in full sentences.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { classLabel, datasetRepo, feature, startHubDouble } from '../e2e/hub_double/server.ts';
import { linesOf, type Outcome, retrace, scratchFolder, tinyModel } from './testing.ts';

const double = await startHubDouble();
afterAll(() => double.close());
beforeEach(() => double.clearRequests());

const features = { sentence: feature('string'), label: classLabel('negative', 'positive'), idx: feature('int32') };
const words = [
  ['dull', 'slow', 'poor', 'boring'],
  ['warm', 'bright', 'fine', 'lovely'],
];
const rows = (count: number, label = (i: number) => i % 2) =>
  Array.from({ length: count }, (_, i) => ({ sentence: `a ${words[i % 2]?.[i % 4]} film, number ${i}`, label: label(i), idx: i }));
const pairs = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    premise: `a ${words[i % 2]?.[i % 4]} film, number ${i}`,
    hypothesis: `a film ${i % 5}`,
    label: i % 3,
  }));
double.add(
  datasetRepo({
    ...{ id: 'nyu-mll/glue', renamed: 'glue', license: 'other', citation: '@inproceedings{wang2019glue,\n  title={GLUE}\n}' },
    configs: {
      cola: { features, splits: { train: rows(40), validation: rows(8) } },
      sst2: { features, splits: { train: rows(60), validation: rows(20), test: rows(10, () => -1) } },
      stsb: {
        features: { sentence1: feature('string'), sentence2: feature('string'), label: feature('float32') },
        splits: { train: [{ sentence1: 'a', sentence2: 'b', label: 2.5 }] },
      },
      mnli: {
        features: {
          premise: feature('string'),
          hypothesis: feature('string'),
          label: classLabel('entailment', 'neutral', 'contradiction'),
        },
        splits: { train: pairs(24), validation_matched: pairs(9), validation_mismatched: pairs(6) },
      },
    },
  }),
);
double.add(datasetRepo({ id: 'ada/reviews', configs: { default: { features, splits: { train: rows(40), test: rows(8) } } } }));

const model = tinyModel(scratchFolder());
const homeFor = (): Record<string, string> => ({
  HF_HOME: scratchFolder(),
  HF_ENDPOINT: double.endpoint,
  HF_DATASETS_SERVER: double.datasetsServer,
  HF_HUB_OFFLINE: '',
});
const offline = { HF_HUB_OFFLINE: '1' };
const run = (env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Outcome> => retrace(args, env);
const ok = (outcome: Outcome): Outcome => {
  expect(outcome.code, outcome.stderr).toBe(0);
  return outcome;
};
const shape = ['--model', model, '--batch-size', '4', '--max-length', '16'];

test('train by name alone: columns, classes and evaluation split are found; a pause goes on offline to the same numbers; the card says where rows come from', async () => {
  const [home, out, whole] = [homeFor(), join(scratchFolder(), 'run'), join(scratchFolder(), 'whole')];
  const train = ['train', '--data', 'nyu-mll/glue/sst2', ...shape, '--max-steps', '4', '--json'];
  const first = ok(await run(home, ...train, '--out', out, '--pause-after', '2'));
  const [columns] = linesOf(first).filter(({ type }) => type === 'columns');
  expect(columns).toMatchObject({ columns: { text: 'sentence', label: 'label' } });
  const [data] = linesOf(first).filter(({ type }) => type === 'data');
  expect(data).toMatchObject({ labels: ['negative', 'positive'], train: { examples: 60 }, evaluation: { examples: 20, held_back: false } });
  expect(first.stderr).toContain("nyu-mll/glue/sst2/train: the hub's own Parquet files at commit");

  double.clearRequests();
  const resumed = ok(await run({ ...home, ...offline }, 'train', '--resume', '--out', out, '--json'));
  expect(double.requests).toEqual([]);
  ok(await run(home, ...train, '--out', whole));
  const losses = (outcome: Outcome) => linesOf(outcome).flatMap(({ type, step, loss }) => (type === 'step' ? [[step, loss]] : []));
  expect(losses(resumed)).toHaveLength(2);
  expect(readFileSync(join(out, 'adapter.safetensors')).equals(readFileSync(join(whole, 'adapter.safetensors')))).toBe(true);

  const card = readFileSync(join(out, 'README.md'), 'utf8');
  expect(card).toContain('datasets: ["nyu-mll/glue"]');
  expect(card).toMatch(
    /dataset: \{name: "nyu-mll\/glue\/sst2\/train", type: "nyu-mll\/glue", config: "sst2", split: "validation", revision: "[0-9a-f]{40}"\}/,
  );
  expect(card).toContain('as the hub names it: other');
  expect(card).toContain('@inproceedings{wang2019glue,');
}, 240_000);

test('a former name, an evaluation of it, and predictions of the split whose labels are kept secret', async () => {
  const [home, out] = [homeFor(), join(scratchFolder(), 'run')];
  ok(await run(home, 'train', '--data', 'glue/cola', ...shape, '--max-steps', '1', '--out', out));
  const adapter = ['--adapter', out, '--model', model, '--json'];
  const evaluated = ok(await run(home, 'evaluate', '--data', 'nyu-mll/glue/cola', ...adapter));
  expect(linesOf(evaluated).filter(({ type }) => type === 'evaluate')).toMatchObject([{ examples: 8 }]);
  const predicted = ok(await run(home, 'predict', '--data', 'nyu-mll/glue/sst2', ...adapter));
  expect(linesOf(predicted)).toHaveLength(10);
}, 240_000);

test('inspect: a data set with several configurations, one of them, one of numbers', async () => {
  const home = homeFor();
  const several = ok(await run(home, 'inspect', 'nyu-mll/glue')).stdout;
  expect(several).toMatch(/^nyu-mll\/glue: a data set of the hub, at commit [0-9a-f]{7}; licence, as the hub names it: other/);
  expect(several).toMatch(/cola +train +40 /);
  const one = ok(await run(home, 'inspect', 'nyu-mll/glue/sst2')).stdout;
  expect(one).toContain('SST-2: Does a phrase of a film review speak well of the film? GLUE reports accuracy.');
  expect(one).toContain("text 'sentence', label 'label'; 2 classes: negative, positive");
  expect(one).toContain("label 'label', because its 2 classes have names");
  expect(one).toContain('trained on train, evaluated on validation');
  expect(one).toContain('@inproceedings{wang2019glue,');
  expect(ok(await run(home, 'inspect', 'nyu-mll/glue/stsb')).stdout).toContain('GLUE reports pearson and spearmanr.');
  // Nothing but what describes it was asked for: each row group of the double's is small.
  expect(double.requests.filter(({ url }) => url.includes('.parquet'))).toEqual([]);
}, 120_000);

test.each([
  [['train', '--data', 'nyu-mll/glue'], 'nyu-mll/glue has 4 configurations: cola, mnli, sst2 and stsb.'],
  [['train', '--data', 'nyu-mll/glue/qqp'], 'nyu-mll/glue has no configuration "qqp". It has cola, mnli, sst2 and stsb.'],
  [['train', '--data', 'nyu-mll/glue/sst2/test'], 'No row of nyu-mll/glue/sst2/test has a label'],
  [['train', '--data', 'nyu-mll/glue/stsb'], 'The labels of STS-B (nyu-mll/glue/stsb) are numbers, and the task is classification.'],
  [['train', '--data', 'ada/none'], 'There is no ada/none on'],
  [['train', '--data', 'ada/reviews', '--separator', 'tab'], "--separator is of files; 'ada/reviews' is a data set of the hub."],
  [['train', '--data', 'nowhere/reviews.csv'], "There is no file or folder 'nowhere/reviews.csv'."],
  [['inspect', 'ada/none'], 'There is no ada/none on'],
])(
  '%j: %s',
  async (args, message) => {
    const home = homeFor();
    const out = join(scratchFolder(), 'run');
    const outcome = await run(home, ...args, ...(args[0] === 'train' ? [...shape, '--max-steps', '1', '--out', out] : []));
    expect(outcome.code).not.toBe(0);
    expect(outcome.stderr).toContain(message);
    expect(existsSync(join(out, 'adapter.safetensors'))).toBe(false);
  },
  120_000,
);

test('MNLI by its task alone is evaluated on both of its splits, and an export says so', async () => {
  const [home, out] = [homeFor(), join(scratchFolder(), 'mnli')];
  const trained = ok(await run(home, 'train', '--task', 'mnli', ...shape, '--max-steps', '2', '--json', '--out', out));
  const evaluated = linesOf(trained).findLast(({ type }) => type === 'evaluate');
  expect(evaluated).toMatchObject({ examples: 9, accuracy: expect.any(Number), mismatched_accuracy: expect.any(Number) });
  expect(readFileSync(join(out, 'README.md'), 'utf8')).toMatch(/Accuracy \(mismatched\): /);
  const kept = double.requests.filter(({ url }) => url.includes('validation_mismatched'));
  expect(kept.length).toBeGreaterThan(0);
});

test('where there is no validation split a tenth is held back', async () => {
  const home = homeFor();
  const held = ok(
    await run(home, 'train', '--data', 'ada/reviews', ...shape, '--max-steps', '1', '--json', '--out', join(scratchFolder(), 'run')),
  );
  expect(linesOf(held).filter(({ type }) => type === 'data')).toMatchObject([
    { train: { examples: 36 }, evaluation: { examples: 4, held_back: true } },
  ]);
}, 120_000);
