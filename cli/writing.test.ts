// Models that write, from the command line: questions with answers, texts alone, texts for texts; trained, evaluated, predicted, resumed, taken in again.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { linesOf, type Outcome, retrace, scratchFolder, tinyModel, writingModel } from './testing.ts';

const folder = scratchFolder();
const out = (name: string): string => join(folder, name);
const file = (name: string, lines: readonly unknown[]): string => {
  const path = join(folder, name);
  writeFileSync(path, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return path;
};
// Words that the tiny BERT has too.
const beginnings = ['play', 'song', 'pay', 'bill'];
const ends = ['radio', 'singer', 'account', 'money'];
const questions = file(
  'questions.jsonl',
  Array.from({ length: 24 }, (_, i) => {
    const choices = ends.slice(0, 3 + (i % 2));
    return { question: `the ${beginnings[i % choices.length]} is for`, choices, label: i % choices.length };
  }),
);
const texts = file(
  'texts.txt',
  Array.from({ length: 40 }, (_, i) => `the ${beginnings[i % 4]} is for ${ends[i % 4]}, day ${i}.`),
);
const pairs = file(
  'pairs.jsonl',
  Array.from({ length: 24 }, (_, i) => ({ source: `${beginnings[i % 4]} ${i}`, target: `${ends[i % 4]} ${i}` })),
);

const unanswered = file(
  'unanswered.jsonl',
  readFileSync(questions, 'utf8')
    .split('\n')
    .map((line) => ({ ...(JSON.parse(line) as object), label: undefined })),
);
const sources = file('sources.tsv', ['source', ...beginnings.map((beginning, i) => `${beginning} ${i}`)]);

const usual = [
  '--batch-size',
  '4',
  '--max-length',
  '48',
  '--max-steps',
  '6',
  '--eval-steps',
  '3',
  '--method',
  'lora',
  '--learning-rate',
  '0.02',
  '--dropout',
  '0.1',
  '--json',
];

async function done(args: readonly string[]): Promise<Outcome> {
  const outcome = await retrace(args);
  expect(outcome.code, outcome.stderr + outcome.stdout).toBe(0);
  return outcome;
}

const losses = (outcome: Outcome) => linesOf(outcome).flatMap(({ type, loss }) => (type === 'step' ? [loss as number] : []));
const adapterOf = (name: string) => readFileSync(join(out(name), 'adapter_model.safetensors'));

test.each([
  ['question_answering', 'gpt2', questions, ['acc', 'acc_norm']],
  ['language_modelling', 'gpt2', texts, ['perplexity']],
  ['sequence_to_sequence', 'bart', pairs, ['perplexity', 'exact_match']],
  ['multiple_choice', 'bert', questions, ['accuracy']],
] as const)(
  '%s on a %s: learns, resumes in micro-batches to the same bits, evaluates and predicts as it was evaluated',
  async (task, type, data, metrics) => {
    const model = type === 'bert' ? tinyModel(folder) : await writingModel(folder, type);
    const length = type === 'bert' ? usual.with(3, '16') : usual;
    const run = ['--model', model, '--task', task, '--data', data, ...length];
    const whole = await done(['train', ...run, '--eval-data', data, '--out', out(task)]);
    const own = losses(whole);
    expect(own).toHaveLength(6);
    expect(own.at(-1)).toBeLessThan(own[0] as number);
    // Three of the four examples of a batch at a time, then the fourth: dropout and sums are those of the whole batch.
    const slices = ['--pause-after', '4', '--micro-batch-size', '3'];
    await done(['train', ...run, '--eval-data', data, '--out', out(`${task}-parts`), ...slices]);
    await done(['train', '--resume', '--out', out(`${task}-parts`), '--json']);
    expect(adapterOf(`${task}-parts`).equals(adapterOf(task))).toBe(true);

    const adapter = ['--adapter', out(task), '--model', model, '--json'];
    const evaluated = linesOf(whole).filter(({ type }) => type === 'evaluate');
    const [report] = linesOf(await done(['evaluate', ...adapter, '--data', data])).filter(({ type }) => type === 'evaluate');
    for (const metric of [...metrics, 'loss'])
      expect(
        evaluated.some((one) => Math.abs((one[metric] as number) - (report?.[metric] as number)) < 1e-4),
        metric,
      ).toBe(true);
    // So many texts were written in it, the same ones.
    const written = task === 'sequence_to_sequence' ? 24 : undefined;
    expect(evaluated.map((one) => one['written'])).toEqual([written, written]);
    expect(report?.['written']).toBe(written);
    const rows = linesOf(await done(['predict', ...adapter, '--data', data]));
    expect(rows.length).toBe(task === 'language_modelling' ? 40 : 24);
    const { text, choices } = rows[0] as unknown as { text: string; choices?: readonly string[] };
    if (choices !== undefined) {
      // Rows that do not say which answer is right, and the first of them asked by hand, have the same answers.
      const bare = linesOf(await done(['predict', ...adapter, '--data', unanswered]));
      expect(bare).toEqual(rows);
      const byHand = ['--text', text, ...choices.flatMap((choice) => ['--choice', choice])];
      const [one] = linesOf(await done(['predict', ...adapter, ...byHand]));
      expect(one).toEqual(Object.fromEntries(Object.entries(rows[0] ?? {}).filter(([name]) => name !== 'row')));
      const none = await retrace(['predict', ...adapter, '--text', 'the play is for']);
      expect(linesOf(none).at(-1)).toMatchObject({ code: 'choices-needed', remedy: expect.stringContaining('--choice') });
    }
    if (task === 'question_answering') {
      const [first] = rows as unknown as { label: string; log_likelihoods: number[]; choices: string[] }[];
      expect(first?.choices[first.log_likelihoods.indexOf(Math.max(...first.log_likelihoods))]).toBe(first?.label);
    } else if (task === 'multiple_choice') expect(rows[0]).toMatchObject({ label: expect.any(String), probabilities: expect.any(Array) });
    else {
      expect(rows[0]?.['perplexity']).toBeGreaterThan(1);
      if (task === 'sequence_to_sequence') {
        // Without the texts that might be written, they are written.
        const own = linesOf(await done(['predict', ...adapter, '--data', sources]));
        expect(own).toHaveLength(4);
        expect(own[0]).toMatchObject({ row: 2, text: 'play 0', written: expect.any(String), finish: expect.stringMatching('end|length') });
        expect((await done(['predict', ...adapter.slice(0, -1), '--data', sources, '--csv'])).stdout).toMatch(
          /^row,text,text_pair,written,truncated\n2,/,
        );
        const [few] = linesOf(await done(['evaluate', ...adapter, '--data', data, '--max-generate-samples', '5']));
        expect(few).toMatchObject({ type: 'evaluate', examples: 24, written: 5 });
      }
      // Two texts by one command are those that each gives by itself; without an adapter the model writes another.
      const prompts = ['play the', 'pay'];
      const write = async (...args: readonly string[]) =>
        linesOf(await done(['generate', ...args, '--max-new-tokens', '6', '--json'])).filter(({ type: kind }) => kind === 'text');
      const both = await write(...adapter.slice(0, -1), ...prompts.flatMap((prompt) => ['--text', prompt]));
      expect(both.map(({ prompt }) => prompt)).toEqual(prompts);
      for (const [i, prompt] of prompts.entries()) {
        const [alone] = await write(...adapter.slice(0, -1), '--text', prompt);
        expect(alone?.['text']).toBe(both[i]?.['text']);
      }
      const [plain] = await write('--model', model, '--text', prompts[0] as string);
      expect(plain?.['finish']).toBe(type === 'gpt2' ? 'length' : 'end');
      // A random BART ends its texts at once.
      if (type === 'gpt2') expect(plain?.['text']).not.toBe(both[0]?.['text']);
    }
  },
);

/** The error of a run that is not begun. */
async function refusal(model: string, task: string, data: string, options: readonly string[] = usual) {
  const outcome = await retrace(['train', '--model', model, '--task', task, '--data', data, ...options, '--out', out('no')]);
  return linesOf(outcome).at(-1);
}

test('a task that a model cannot learn is refused with the one that does', async () => {
  const words = await refusal(tinyModel(folder), 'question_answering', questions, usual.with(3, '16'));
  expect(words).toMatchObject({ code: 'task-refused', remedy: expect.stringContaining('multiple_choice') });
  const alone = await refusal(await writingModel(folder, 'bart'), 'language_modelling', texts);
  expect(alone).toMatchObject({ code: 'task-refused', remedy: expect.stringContaining('sequence_to_sequence') });
  const probe = usual.map((arg) => (arg === 'lora' ? 'linear-probe' : arg));
  const none = await refusal(await writingModel(folder), 'language_modelling', texts, probe);
  expect(none).toMatchObject({ code: 'nothing-trains' });
});
