// A number for a pair of texts, from the command line to an adapter that gives the same numbers again.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { linesOf, type Outcome, retrace, scratchFolder, tinyModel } from './testing.ts';

const folder = scratchFolder();
const model = tinyModel(folder);
const words = ['play', 'song', 'radio', 'pay', 'bill', 'money'];
/** As GLUE writes STS-B: an index, and the score last. The more words two texts share, the higher it is. */
function scoredFile(name: string, scoreOf: (shared: number, row: number) => string): string {
  const lines = Array.from({ length: 40 }, (_, i) => {
    const first = Array.from({ length: 4 }, (_unused, k) => words[(i + k) % words.length]);
    const shared = i % 5;
    const second = first.map((word, k) => (k < shared ? word : words[(i + k + 3) % words.length]));
    return `${i}\t${first.join(' ')}\t${second.join(' ')}\t${scoreOf(shared, i)}`;
  });
  const path = join(folder, name);
  writeFileSync(path, `index\tsentence1\tsentence2\tscore\n${lines.join('\n')}\n`);
  return path;
}
const data = scoredFile('scores.tsv', (shared) => (shared * 1.25).toFixed(3));
const out = (name: string): string => join(folder, name);
const shape = [
  '--model',
  model,
  '--task',
  'regression',
  '--data',
  data,
  '--batch-size',
  '4',
  '--max-length',
  '16',
  '--max-steps',
  '6',
  '--learning-rate',
  '0.02',
  '--json',
];

async function done(args: readonly string[]): Promise<Outcome> {
  const outcome = await retrace(args);
  expect(outcome.code, outcome.stderr).toBe(0);
  return outcome;
}

let whole: Outcome;
beforeAll(async () => {
  whole = await done(['train', ...shape, '--out', out('whole'), '--eval-data', data, '--eval-steps', '3']);
});

test('train learns the numbers, and says what they are and how well they are met', () => {
  const events = linesOf(whole);
  expect(events.find(({ type }) => type === 'columns')).toMatchObject({
    columns: { text: 'sentence1', text_pair: 'sentence2', label: 'score' },
  });
  expect(events.find(({ type }) => type === 'data')).toMatchObject({ labels: [], numbers: { least: 0, most: 5, mean: 2.5 } });
  expect(whole.stderr).toContain('40 examples with numbers from 0 to 5, 40 for evaluation (given)');
  const evaluations = events.filter(({ type }) => type === 'evaluate');
  expect(evaluations.map(({ step }) => step)).toEqual([3, 6]);
  for (const { pearson, spearmanr, mse, loss } of evaluations) {
    expect(Math.abs(pearson as number)).toBeLessThanOrEqual(1);
    expect(Math.abs(spearmanr as number)).toBeLessThanOrEqual(1);
    expect(mse).toBe(loss);
  }
  const losses = events.filter(({ type }) => type === 'step').map(({ loss }) => loss as number);
  expect(losses.at(-1)).toBeLessThan(losses[0] as number);
  expect(whole.stderr).toMatch(/kept is step \d, pearson -?\d\.\d{4}/);
});

test('its adapter says that it is a regression, and its card names the metrics and no labels', async () => {
  const config = JSON.parse(readFileSync(join(out('whole'), 'adapter_config.json'), 'utf8'));
  expect(config).toMatchObject({ task: 'regression', problem_type: 'regression', num_labels: 1 });
  const card = readFileSync(join(out('whole'), 'README.md'), 'utf8');
  expect(card).toMatch(/pipeline_tag: "text-classification"[\s\S]*type: "pearson"[\s\S]*type: "spearmanr"[\s\S]*type: "mse"/);
  expect(card).not.toContain('## Labels');
  expect(readFileSync(join(out('whole'), 'history.csv'), 'utf8')).toMatch(/eval\/pearson,eval\/spearmanr,eval\/mse/);
  expect((await done(['inspect', out('whole'), '--model', model])).stdout).toContain('it gives a number');
});

test('a run that is paused and resumed is the uninterrupted one', async () => {
  const rest = ['--eval-data', data, '--eval-steps', '3'];
  await done(['train', ...shape, ...rest, '--out', out('parts'), '--pause-after', '4']);
  await done(['train', '--resume', '--out', out('parts'), '--json']);
  const bytes = (name: string) => readFileSync(join(out(name), 'adapter.safetensors'));
  expect(bytes('parts').equals(bytes('whole'))).toBe(true);
});

test.each(['whole', 'lora'])('%s: evaluate and predict give the numbers that it was evaluated by', async (name) => {
  if (name === 'lora') {
    await done(['train', ...shape, '--method', 'lora', '--out', out('lora'), '--label-column', 'score', '--pooling', 'cls']);
    expect(readFileSync(join(out('lora'), 'README.md'), 'utf8')).toContain('num_labels=1, problem_type="regression"');
  }
  const adapter = ['--adapter', out(name), '--model', model];
  const [report] = linesOf(await done(['evaluate', ...adapter, '--data', data, '--json']));
  const { scatter, mse } = report as unknown as { scatter: { actual: number[]; predicted: number[] }; mse: number };
  expect(scatter.actual.slice(0, 3)).toEqual([0, 1.25, 2.5]);
  const squares = scatter.actual.map((value, i) => (value - (scatter.predicted[i] as number)) ** 2);
  expect(squares.reduce((a, b) => a + b, 0) / 40).toBeCloseTo(mse, 5);
  expect(report).not.toHaveProperty('confusion');
  const rows = linesOf(await done(['predict', ...adapter, '--data', data, '--json']));
  expect(rows.map(({ value }) => value)).toEqual(scatter.predicted.map((value) => expect.closeTo(value, 5)));
  if (name === 'lora') return;
  const csv = (await done(['predict', ...adapter, '--data', data, '--csv'])).stdout.split('\n');
  expect(csv[0]).toBe('row,text,text_pair,value,truncated');
  expect((await done(['predict', ...adapter, '--text', 'play', '--text-pair', 'song'])).stdout).toMatch(
    /text +value\nplay \| song +-?\d+\.\d{4}/,
  );
});

test('a label that is no number is refused with its row and value, before the model is loaded', async () => {
  const bad = scoredFile('bad.tsv', (shared, row) => (row === 6 ? 'high' : String(shared)));
  const outcome = await retrace(['train', ...shape.with(5, bad), '--out', out('bad')]);
  expect(outcome.code).toBe(1);
  expect(linesOf(outcome).at(-1)).toMatchObject({ code: 'not-a-number', message: expect.stringMatching(/"high": row 8\.$/) });
});

test('plan counts one output, inspect shows the column, and training on refuses the adapter of another task', async () => {
  const plan = ['plan', '--model', model, '--method', 'linear-probe', '--batch-size', '4', '--max-length', '16', '--pooling', 'mean'];
  const trainable = async (...args: string[]) => linesOf(await done([...plan, ...args, '--json']))[0]?.['trainable_parameters'] as number;
  expect(2 * (await trainable('--task', 'regression', '--data', data))).toBe(await trainable('--num-labels', '2'));
  expect((await done(['inspect', data, '--task', 'regression'])).stdout).toContain("label 'score'");
  const other = await retrace(['train', ...shape.with(3, 'classification'), '--adapter', out('whole'), '--out', out('other')]);
  expect(other.code).toBe(1);
  expect(linesOf(other).at(-1)).toMatchObject({
    code: 'other-adapter',
    message: expect.stringContaining('it learned numbers, and the run learns classes'),
  });
});

test('the study of starts scores by the metric of the task', async () => {
  const [, , ...rest] = shape;
  const study = ['compare', '--study', 'init', '--model', model, '--methods', 'ia3', '--max-steps', '1', '--eval-examples', '0'];
  const flags = rest.filter((_, i) => ![4, 5, 6, 7, 8, 9].includes(i));
  const report = linesOf(await done([...study, ...flags])).at(-1);
  expect(report).toMatchObject({ type: 'study-report', metric: 'pearson' });
});
