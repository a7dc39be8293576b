import { expect, test } from 'vitest';
import { checkedRows } from '../data/checks/rows.ts';
import { holdOut } from '../data/examples.ts';
import { parseTable } from '../data/table/testing.ts';
import { pearson, ranksOf, spearman } from './metrics/correlation.ts';
import { taskNamed, taskOf } from './registry.ts';
import { regression } from './regression.ts';
import { isBetter } from './task.ts';
import { judgedRows } from './testing.ts';

const actual = [0, 1.5, 1.5, 3, 5, 2.25, 4, 4, 4, 0.5];
const predicted = [0.1, 1.2, 2, 2.9, 4.2, 3.1, 4.4, 3.9, 4.2, 1.2];

test('correlations are those of SciPy, ties included, and the squared error is the mean', () => {
  expect(pearson(actual, predicted)).toBeCloseTo(0.9572134238436257, 12);
  expect(spearman(actual, predicted)).toBeCloseTo(0.9319287424377442, 12);
  expect([...ranksOf([3, 1, 3, 3, 0])]).toEqual([4, 2, 4, 4, 1]);
  const { metrics, confusion, scatter } = regression.score(judgedRows(Float32Array.from(predicted), actual), []);
  expect(metrics).toEqual({
    pearson: expect.closeTo(0.9572134238436257, 6),
    spearmanr: expect.closeTo(0.9319287424377442, 12),
    mse: expect.closeTo(0.24225, 6),
    loss: expect.closeTo(0.24225, 6),
  });
  expect(confusion).toBeUndefined();
  expect(scatter?.actual).toEqual(actual);
  expect(scatter?.predicted.map((value) => Number(value.toFixed(4)))).toEqual(predicted);
});

test('a correlation that is not defined is left out, and a picture shows some of many points, from all over the file', () => {
  expect(regression.score(judgedRows(Float32Array.of(2, 2, 2), [1, 2, 3]), []).metrics).toEqual({ mse: 2 / 3, loss: 2 / 3 });
  expect(pearson([1], [2])).toBeUndefined();
  const many = regression.score(
    judgedRows(
      new Float32Array(5000),
      Array.from({ length: 5000 }, (_, i) => i),
    ),
    [],
  ).scatter;
  expect(many?.actual).toHaveLength(1000);
  expect(many?.actual.slice(0, 2)).toEqual([0, 5]);
});

test('a larger correlation is better, and a smaller error', () => {
  expect(isBetter(regression, 0.5, 0.4)).toBe(true);
  expect(isBetter({ ...regression, metric_for_best_model: 'mse' }, 0.5, 0.4)).toBe(false);
});

const pairs = (rows: readonly string[]) => parseTable('s.tsv', `index\tgenre\tsentence1\tsentence2\tscore\n${rows.join('\n')}`);

test('the columns of STS-B are found: a pair of texts and a score, no index', () => {
  const table = pairs(
    Array.from({ length: 9 }, (_, i) => `${i}\tnews\tA man plays a guitar ${i}.\tA man is playing ${i}.\t${(i * 0.75).toFixed(3)}`),
  );
  const { columns, reasons } = regression.columnsOf(table);
  expect(columns).toEqual({ text: 'sentence1', text_pair: 'sentence2', label: 'score' });
  expect(reasons.label).toBe("numbers to predict are often called 'score'; numbers from 0 to 6");
  const plain = parseTable('p.csv', 'id,note,price\n1,a red bike,12.5\n2,a blue bike,13\n3,an old lamp,4');
  expect(regression.columnsOf(plain).columns).toEqual({ text: 'note', label: 'price' });
  expect(() => regression.columnsOf(parseTable('w.csv', 'text,topic\na b,c\nd e,f'))).toThrow(
    expect.objectContaining({ code: 'no-number-column', message: expect.stringContaining('text, topic') }),
  );
});

const choice = { textColumn: 'text', labelColumn: 'score' };
const table = (scores: readonly string[]) =>
  parseTable('a.csv', `text,score\n${scores.map((score, i) => `some words ${i},"${score}"`).join('\n')}`);

test('numbers are read as people write them; what is none is refused with its row and value', () => {
  expect(regression.examplesOf(table(['3', '-1.5', '1e-2', '2,5']), choice)).toMatchObject({
    labels: [],
    examples: [{ label: 3 }, { label: -1.5 }, { label: 0.01 }, { label: 2.5 }],
  });
  for (const bad of ['high', 'nan', '1e40', 'inf', '3/5']) {
    expect(() => regression.examplesOf(table(['3', bad, '4']), choice)).toThrow(
      expect.objectContaining({
        code: 'not-a-number',
        message: expect.stringMatching(new RegExp(`"${bad}".*row 3\\.`)),
        where: 'a.csv, row 3',
      }),
    );
  }
  expect(() => regression.examplesOf(table(['2', '2', '2.0']), choice)).toThrow(expect.objectContaining({ code: 'one-number' }));
  expect(() => regression.examplesOf(table(['-1', '-1']), choice)).toThrow(
    expect.objectContaining({ remedy: expect.stringContaining('secret') }),
  );
  // To evaluate with, one row is enough.
  expect(regression.examplesOf(table(['2']), choice, []).examples).toHaveLength(1);
});

test('a part is held back evenly over the scores', () => {
  const whole = regression.examplesOf(table(Array.from({ length: 200 }, (_, i) => String((i * 7) % 200))), choice);
  const { train, held } = holdOut(whole, 0.1, 42);
  expect([train.examples.length, held.examples.length]).toEqual([180, 20]);
  const scores = held.examples.map(({ label }) => label).sort((a, b) => a - b);
  for (const [i, score] of scores.entries()) expect(Math.floor(score / 10)).toBe(i);
});

const warned = (scores: readonly string[]) =>
  regression.checks.rows.flatMap((check) => check(checkedRows(table(scores), choice))).map(({ code, rows }) => [code, rows[0]?.first]);
const usual = Array.from({ length: 60 }, (_, i) => String((i % 11) / 2));

test('a number far from all others is said with its row, and so are two numbers that are rather classes', () => {
  expect(warned(usual)).toEqual([]);
  expect(warned(usual.with(7, '450'))).toEqual([['scores-far-off', [9]]]);
  expect(warned(usual.map((_, i) => String(i % 2)))).toEqual([['scores-are-classes', undefined]]);
  // Prices are skewed, and no slips.
  expect(warned(usual.map((_, i) => String(Math.round(10 * 1.05 ** i))))).toEqual([]);
});

test('a task is known by its name, an exported one by its kind where its name is not known', () => {
  expect(taskNamed('regression')).toBe(regression);
  expect(taskOf({ num_labels: 1 })).toBe(regression);
  expect(taskOf({ num_labels: 3 }).name).toBe('classification');
  expect(taskOf({ task: 'of-later', problem_type: 'regression', num_labels: 1 })).toBe(regression);
  expect(taskOf({ problem_type: 'single_label_classification', num_labels: 1 }).name).toBe('classification');
});
