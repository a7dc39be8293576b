// From an adapter to a model of its own, on the command line.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { linesOf, type Outcome, retrace, scratchFolder, tinyModel, topicsFile } from './testing.ts';

const folder = scratchFolder();
const model = tinyModel(folder);
const at = (name: string): string => join(folder, name);
const [text, data] = ['play the radio', topicsFile(folder)];
const training = ['--batch-size', '4', '--max-length', '16', '--max-steps', '4', '--learning-rate', '0.05'];

async function done(args: readonly string[]): Promise<Outcome> {
  const outcome = await retrace(args);
  expect(outcome.code, outcome.stderr).toBe(0);
  return outcome;
}

beforeAll(() => done(['train', '--model', model, '--method', 'lora', '--data', data, ...training, '--out', at('adapter')]));

test('a merged adapter is a folder that predicts and is evaluated without one, and with its probabilities', async () => {
  const merging = await done(['merge', at('adapter'), '--model', model, '--out', at('merged'), '--json']);
  expect(linesOf(merging)).toEqual([
    {
      type: 'merged',
      path: at('merged'),
      dtype: 'float32',
      bytes: expect.any(Number),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      texts: 8,
      largest_difference: expect.any(Number),
      largest_logit: expect.any(Number),
    },
  ]);
  expect(readdirSync(at('merged')).toSorted()).toEqual(['ADAPTER.md', 'README.md', 'config.json', 'model.safetensors', 'tokenizer.json']);
  const config = JSON.parse(readFileSync(join(at('merged'), 'config.json'), 'utf8')) as unknown;
  expect(config).toMatchObject({
    architectures: ['BertForSequenceClassification'],
    problem_type: 'single_label_classification',
    id2label: { 0: 'bank', 1: 'music' },
    label2id: { bank: 0, music: 1 },
    dtype: 'float32',
  });
  const card = readFileSync(join(at('merged'), 'README.md'), 'utf8');
  expect(card).toMatch(/^base_model_relation: "finetune"$/m);
  expect(readFileSync(join(at('merged'), 'ADAPTER.md'))).toEqual(readFileSync(join(at('adapter'), 'README.md')));
  const predicted = await Promise.all([
    done(['predict', '--adapter', at('adapter'), '--model', model, '--text', text, '--json']),
    done(['predict', '--model', at('merged'), '--text', text, '--json']),
  ]);
  const [a, b] = predicted.map((outcome) => linesOf(outcome)[0]?.['probabilities'] as Record<string, number>);
  expect(Object.keys(a ?? {})).toEqual(['bank', 'music']);
  expect(a?.['bank']).toBeCloseTo(b?.['bank'] as number, 4);
  const evaluated = await done(['evaluate', '--model', at('merged'), '--data', data, '--json']);
  expect(linesOf(evaluated).at(-1)).toMatchObject({ type: 'evaluate', examples: 40 });
});

test('a folder that holds something is left alone, and so is one that nothing can be written for', async () => {
  writeFileSync(at('file'), '');
  for (const [out, code] of [
    [at('tiny'), 'out-not-empty'],
    [at('file'), 'not-writable'],
  ] as const) {
    const { stdout } = await retrace(['merge', at('adapter'), '--model', model, '--out', out, '--json']);
    expect(linesOf({ code: 1, stdout, stderr: '' })[0]).toMatchObject({ type: 'error', code, where: '--out' });
  }
  expect(existsSync(join(model, 'README.md'))).toBe(false);
});

test('what AdapterHub’s layout can’t say is said before anything is trained', async () => {
  const mean = ['--pooling', 'mean', '--adapter-hub', '--out', at('mean')];
  const refused = await retrace(['train', '--model', model, '--method', 'lora', '--data', data, ...training, ...mean]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('this classifier reads the mean of all');
  expect(existsSync(at('mean'))).toBe(false);
});
