// A task of GLUE by name, on files laid out as GLUE's own: label first, quotes that stand for nothing, two sets to evaluate with.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { linesOf, type Outcome, retrace, scratchFolder, tinyModel } from './testing.ts';

const folder = scratchFolder();
const model = tinyModel(folder);
const words = ['play', 'song', 'radio', 'pay', 'bill', 'money'];
const word = (i: number): string => words[i % words.length] as string;

function pairsFile(name: string, rows: number): string {
  const path = join(folder, name);
  const lines = Array.from({ length: rows }, (_, i) => {
    const same = i % 3 !== 0;
    return `${same ? 1 : 0}\t${i}\t${i + 1}\tthe ${word(i)} " is on\t${word(same ? i : i + 3)} is on "`;
  });
  writeFileSync(path, `\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\n${lines.join('\n')}\n`);
  return path;
}

const [train, dev, other] = [pairsFile('train.tsv', 24), pairsFile('dev_matched.tsv', 9), pairsFile('dev_mismatched.tsv', 6)];
const out = join(folder, 'out');

async function done(args: readonly string[]): Promise<Outcome> {
  const outcome = await retrace(args);
  expect(outcome.code, outcome.stderr).toBe(0);
  return outcome;
}

let events: ReturnType<typeof linesOf>;
beforeAll(async () => {
  const sizes = ['--batch-size', '4', '--max-length', '16', '--max-steps', '2', '--eval-steps', '0'];
  const given = ['--task', 'mrpc', '--data', train, '--eval-data', dev, '--eval-data', other];
  events = linesOf(await done(['train', '--model', model, ...given, ...sizes, '--out', out, '--json']));
});

test('columns, classes and metrics are those of GLUE, and both sets are evaluated', () => {
  expect(events.find(({ type }) => type === 'columns')).toMatchObject({
    columns: { text: '#1 String', text_pair: '#2 String', label: 'Quality' },
  });
  expect(events.find(({ type }) => type === 'data')).toMatchObject({
    labels: ['not_equivalent', 'equivalent'],
    train: { examples: 24, per_label: [8, 16] },
  });
  const evaluation = events.find(({ type }) => type === 'evaluate') ?? {};
  const scores = ['f1', 'accuracy', 'loss', 'mismatched_f1', 'mismatched_accuracy', 'mismatched_loss'];
  for (const name of scores) expect(evaluation[name], name).toEqual(expect.any(Number));
  expect(evaluation).not.toHaveProperty('matthews_correlation');
  expect(evaluation).toMatchObject({ examples: 9, best: true });
  expect(events.find(({ type }) => type === 'finished')).toMatchObject({ best: { metric: 'f1' } });
});

test('the adapter names its task and both sets, and evaluates its own files with the numbers of the classes', async () => {
  expect(JSON.parse(readFileSync(join(out, 'adapter_config.json'), 'utf8'))).toMatchObject({ task: 'mrpc', num_labels: 2 });
  expect(readFileSync(join(out, 'README.md'), 'utf8')).toMatch(/- F1: [\s\S]*- F1 \(mismatched\): /);
  const [report] = linesOf(await done(['evaluate', '--adapter', out, '--model', model, '--data', other, '--json']));
  const last = events.findLast(({ type }) => type === 'evaluate');
  expect(report).toMatchObject({ f1: last?.['mismatched_f1'], accuracy: last?.['mismatched_accuracy'], examples: 6 });
});

test('a run goes on with its task and its sets, and with no other task', async () => {
  const resumed = ['train', '--resume', '--out', out, '--json'];
  expect(linesOf(await done(resumed)).at(-1)).toMatchObject({ type: 'saved' });
  const changed = await retrace([...resumed, '--task', 'qqp', '--data', train]);
  expect(changed).toMatchObject({ code: 2, stderr: expect.stringContaining('--task ("mrpc" in the run, "qqp" given)') });
});
