// Questions and texts on the command line, with a small random GPT-2: a set by name from its authors' own files, labels in a file of their own, lines of a text.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { randomModelFiles } from '../test/random_model.ts';
import { linesOf, type Outcome, retrace, scratchFolder } from './testing.ts';

const folder = scratchFolder();
const things = ['ice', 'steam', 'stone', 'wood', 'iron', 'salt'];
const words = ['Question', 'Answer', ':', '?', 'which', 'of', 'these', 'floats', 'melts', 'on', 'day', 'the', ...things];

/** Words that white space and marks part, and no special token around a text. */
async function tinyDecoder(): Promise<string> {
  const path = join(folder, 'gpt2');
  mkdirSync(path);
  const vocabulary = ['<unk>', '<eos>', ...words, ...Array.from({ length: 10 }, (_, i) => String(i))];
  const { files } = randomModelFiles(
    {
      ...{ num_hidden_layers: 2, hidden_size: 16, num_attention_heads: 2, intermediate_size: 32 },
      ...{ vocab_size: vocabulary.length, max_position_embeddings: 64 },
    },
    {},
    'gpt2',
  );
  for (const { path: name, blob } of files) writeFileSync(join(path, name), new Uint8Array(await blob.arrayBuffer()));
  const token = (content: string, id: number) => ({
    ...{ id, content, special: true, single_word: false, lstrip: false, rstrip: false, normalized: false },
  });
  const tokenizer = {
    ...{ version: '1.0', truncation: null, padding: null, normalizer: null, post_processor: null, decoder: null },
    added_tokens: [token('<unk>', 0), token('<eos>', 1)],
    pre_tokenizer: { type: 'Whitespace' },
    model: { type: 'WordLevel', vocab: Object.fromEntries(vocabulary.map((word, i) => [word, i])), unk_token: '<unk>' },
  };
  writeFileSync(join(path, 'tokenizer.json'), JSON.stringify(tokenizer));
  const config = { tokenizer_class: 'PreTrainedTokenizerFast', unk_token: '<unk>', eos_token: '<eos>', pad_token: '<eos>' };
  writeFileSync(join(path, 'tokenizer_config.json'), JSON.stringify(config));
  return path;
}

function file(name: string, rows: readonly unknown[]): string {
  const path = join(folder, name);
  writeFileSync(path, rows.map((row) => `${typeof row === 'string' ? row : JSON.stringify(row)}\n`).join(''));
  return path;
}

const question = (i: number) => {
  const choices = Array.from({ length: 3 + (i % 3) }, (_, c) => ({ text: things[(i + c) % 6], label: i % 2 ? String(c + 1) : 'ABCDE'[c] }));
  return {
    id: `q${i}`,
    question: { stem: `which of these floats on day ${i % 10} ?`, choices },
    answerKey: choices[i % choices.length]?.label,
  };
};
const train = file(
  'ARC-Easy-Train.jsonl',
  Array.from({ length: 16 }, (_, i) => question(i)),
);
const dev = file(
  'ARC-Easy-Dev.jsonl',
  Array.from({ length: 7 }, (_, i) => question(i + 16)),
);

async function done(args: readonly string[]): Promise<Outcome> {
  const outcome = await retrace(args);
  expect(outcome.code, outcome.stderr).toBe(0);
  return outcome;
}

const sizes = ['--method', 'lora', '--batch-size', '4', '--max-length', '32', '--max-steps', '3', '--eval-steps', '0', '--json'];
const out = join(folder, 'out');
let model: string;
let events: ReturnType<typeof linesOf>;
beforeAll(async () => {
  model = await tinyDecoder();
  const given = ['--model', model, '--task', 'arc_easy', '--data', train, '--eval-data', dev];
  events = linesOf(await done(['train', ...given, ...sizes, '--out', out]));
});

test('ARC is learned from its own files, and measured by acc and acc_norm', () => {
  expect(events.find(({ type }) => type === 'columns')).toMatchObject({
    columns: { text: 'question.stem', choices: ['question.choices'], label: 'answerKey' },
  });
  expect(events.find(({ type }) => type === 'data')).toMatchObject({ labels: [], train: { examples: 16 }, evaluation: { examples: 7 } });
  expect(events.find(({ type }) => type === 'data')).not.toHaveProperty('numbers');
  const evaluation = events.findLast(({ type }) => type === 'evaluate') ?? {};
  for (const name of ['acc', 'acc_norm']) expect([0, 1, 2, 3, 4, 5, 6, 7].map((right) => right / 7)).toContainEqual(evaluation[name]);
  expect(evaluation).toMatchObject({ examples: 7, loss: expect.any(Number), best: true });
});

test('the adapter measures the same on the same file', async () => {
  const [report] = linesOf(await done(['evaluate', '--adapter', out, '--model', model, '--data', dev, '--json']));
  const last = events.findLast(({ type }) => type === 'evaluate');
  expect(report).toMatchObject({ acc: last?.['acc'], acc_norm: last?.['acc_norm'], examples: 7 });
});

test("PIQA's labels are read from the file beside its rows, and inspected with them", async () => {
  const rows = file(
    'train.jsonl',
    Array.from({ length: 6 }, (_, i) => ({ goal: `melts the ${things[i]} ?`, sol1: 'ice', sol2: 'stone' })),
  );
  file('train-labels.lst', ['0', '1', '1', '0', '1', '0']);
  const [found] = linesOf(await done(['inspect', rows, '--task', 'piqa', '--json']));
  expect(found).toMatchObject({ rows: 6, roles: { text: 'goal', choices: ['sol1', 'sol2'], label: 'label' } });
  const named = ['--choice-columns', 'sol2,sol1', '--label-column', 'label', '--text-column', 'goal'];
  const [other] = linesOf(await done(['inspect', rows, '--task', 'multiple_choice', ...named, '--json']));
  expect(other).toMatchObject({ roles: { text: 'goal', choices: ['sol2', 'sol1'], label: 'label' }, reasons: {} });
  file('train-labels.lst', ['0', '1']);
  expect(await retrace(['inspect', rows, '--task', 'piqa'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('train-labels.lst'),
  });
});

test('lines of a text are learned from', async () => {
  const text = file(
    'book.txt',
    Array.from({ length: 12 }, (_, i) => `which of these melts, the ${things[i % 6]}, on day ${i % 10}`),
  );
  const given = ['train', '--model', model, '--task', 'language_modelling', ...sizes];
  const lines = linesOf(await done([...given, '--data', text, '--out', join(folder, 'book')]));
  expect(lines.find(({ type }) => type === 'columns')).toMatchObject({ columns: { text: '0' } });
  const { loss, perplexity } = lines.findLast(({ type }) => type === 'evaluate') ?? {};
  expect(perplexity).toBeCloseTo(Math.exp(Number(loss)), 3);
});
