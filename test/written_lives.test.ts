// Adapters of models that write and that choose, from a run to an export that gives the same elsewhere, and to a whole model where there is one. With
// RETRACE_EXPORTS=FOLDER more of them, which are left there beside those of lives.test.ts, for python/check_exports.py.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readZip } from '../src/formats/zip.ts';
import { defaultTraining, type MethodName, type Pooling, type RunConfig } from '../src/protocol/config.ts';
import { Session } from '../src/session/session.ts';
import { questionAndAnswer } from '../src/tasks/question_sets.ts';
import { livedShape, smallChoices } from './outcome.ts';
import { randomModelFiles } from './random_model.ts';
import { testHost } from './testing.ts';

const rows = ['stone', 'water', 'sand', 'milk'].map((thing, i) => ({
  question: `which of them is number ${i} here`,
  answer: `it is ${thing}`,
  other: 'it is none of them',
}));
const fileOf = (name: string, lines: readonly (readonly string[])[]) =>
  ({ kind: 'file', name, blob: new Blob([`${lines.map((line) => line.join('\t')).join('\n')}\n`]) }) as const;
const questions = fileOf('questions.tsv', [
  ['question', 'choice_0', 'choice_1', 'label'],
  ...rows.map(({ question, answer, other }, i) => (i % 2 ? [question, other, answer, '1'] : [question, answer, other, '0'])),
]);
const asked = { text: 'which of them is it', choices: ['it is water', 'it is none of them'] };
const tasks = {
  language_modelling: {
    data: fileOf('texts.tsv', [['text'], ...rows.map(({ question }) => [question])]),
    asked: { text: 'which of them is wet' },
    head: 'words',
  },
  sequence_to_sequence: {
    data: fileOf('pairs.tsv', [['source', 'target'], ...rows.map(({ question, answer }) => [question, answer])]),
    asked: { text: 'which of them is wet', target: 'it is water' },
    head: 'words',
  },
  question_answering: { data: questions, asked, head: 'words' },
  multiple_choice: { data: questions, asked, head: 'choices' },
} as const;
type TaskName = keyof typeof tasks;

/** By architecture: task, method, and whether every run of the tests takes it. */
const lives: [type: string, task: TaskName, method: MethodName, when: 'always' | 'for Python', task_type: string | undefined][] = [
  ['gpt2', 'language_modelling', 'lora', 'always', 'CAUSAL_LM'],
  ['gpt2', 'question_answering', 'ia3', 'for Python', 'CAUSAL_LM'],
  ['gpt2', 'question_answering', 'meft1', 'for Python', undefined],
  ['gpt2', 'language_modelling', 'prompt-tuning', 'for Python', 'CAUSAL_LM'],
  ['gpt2-untied', 'language_modelling', 'lora', 'always', 'CAUSAL_LM'],
  ['gpt2-untied', 'language_modelling', 'full', 'for Python', undefined],
  ['opt-untied', 'question_answering', 'ia3', 'for Python', 'CAUSAL_LM'],
  ['opt', 'question_answering', 'meft1', 'always', undefined],
  ['opt', 'question_answering', 'lora', 'for Python', 'CAUSAL_LM'],
  ['opt', 'sequence_to_sequence', 'ia3', 'for Python', 'CAUSAL_LM'],
  ['opt', 'language_modelling', 'full', 'for Python', undefined],
  ['opt', 'language_modelling', 'prefix-tuning', 'for Python', 'CAUSAL_LM'],
  ['bart', 'sequence_to_sequence', 'lora', 'always', 'SEQ_2_SEQ_LM'],
  ['bart', 'question_answering', 'ia3', 'for Python', 'SEQ_2_SEQ_LM'],
  ['bart', 'sequence_to_sequence', 'meft1', 'for Python', undefined],
  ['roberta', 'multiple_choice', 'lora', 'always', 'SEQ_CLS'],
  ['bert', 'multiple_choice', 'lora', 'for Python', 'SEQ_CLS'],
  ['bert', 'multiple_choice', 'meft1', 'for Python', undefined],
  ['distilbert', 'multiple_choice', 'ia3', 'for Python', 'SEQ_CLS'],
  ['gpt2', 'multiple_choice', 'lora', 'for Python', 'SEQ_CLS'],
];
const poolings: Readonly<Record<string, Pooling>> = {
  bert: 'cls',
  roberta: 'cls',
  distilbert: 'cls',
  gpt2: 'last',
  opt: 'last',
  bart: 'last',
};

const folder = process.env['RETRACE_EXPORTS'];
const untied = { ...livedShape, tie_word_embeddings: false };
const models = new Map([
  ...Object.keys(poolings).map((type) => [type, randomModelFiles(livedShape, {}, type)] as const),
  ...['gpt2', 'opt'].map((type) => [`${type}-untied`, randomModelFiles(untied, {}, type)] as const),
]);
if (folder) {
  for (const [type, { files }] of models) {
    mkdirSync(join(folder, type, 'base'), { recursive: true });
    for (const { path, blob } of files) writeFileSync(join(folder, type, 'base', path), await blob.bytes());
  }
}
const [one, other] = [new Session(testHost(), () => undefined), new Session(testHost(), () => undefined)];

test.each(lives.filter(([, , , when]) => folder !== undefined || when === 'always'))(
  '%s, %s, %s: what is exported gives the same where it is imported',
  async (type, name, method, _, task_type) => {
    const { data, asked: text, head } = tasks[name];
    // Questions stand in a context, which recorded texts have in them.
    const shown = name === 'question_answering' ? { ...text, text: questionAndAnswer(text.text, '') } : text;
    const model = models.get(type);
    if (!model) throw new Error(`there is no ${type}`);
    const config: RunConfig = {
      ...{ model, data, eval_data: data, task: name, method, policy: 'store', checkpoint_every: 1 },
      ...(head === 'words' ? {} : { pooling: poolings[type] }),
      options: { ...smallChoices, streams: 'fixed' },
      training: {
        ...defaultTraining,
        batch_size: 2,
        max_length: 24,
        max_steps: 3,
        eval_steps: 0,
        save_steps: 0,
        learning_rate: 0.05,
        packing: false,
      },
    };
    await one.calls.start(config);
    const [before] = await one.calls.predict({ texts: [text] });
    const { zip, verified, file_name } = await one.calls.exportAdapter({ name: `${name}-${method}`, licence: 'apache-2.0' });
    if (folder) writeFileSync(join(folder, type, file_name), zip);
    expect(verified.texts).toBeGreaterThan(3);
    const written = JSON.parse(new TextDecoder().decode(readZip('x', zip).get('adapter_config.json'))) as Record<string, unknown>;
    expect(written).toMatchObject(task_type === undefined ? { format: 'retrace', head, task: name } : { task_type });
    if (head === 'words' && task_type !== undefined) expect(written['modules_to_save']).toBeNull();

    const imported = await other.calls.importAdapter({ zip: new Blob([Uint8Array.from(zip)]), model });
    expect(imported).toMatchObject({ method, task: name, labels: [] });
    const [after] = await other.calls.predict({ texts: [text] });
    expect(after?.logits).toHaveLength('choices' in text ? 2 : 1);
    for (const [i, x] of (after?.logits ?? []).entries()) expect(x).toBeCloseTo(before?.logits[i] as number, 4);

    const { refusal } = await other.calls.mergePlan(undefined);
    if (refusal) return expect(refusal.code).toBe('merge-refused');
    const merged = await other.calls.mergeModel({ name, licence: '', type: 'base', packing: 'folder' });
    expect(merged.verified.largest_difference).toBeLessThan(1e-3);
    if (folder) {
      const root = join(folder, type, 'merged', `${name}-${method}`);
      mkdirSync(root, { recursive: true });
      for (const { path, blob } of merged.files) writeFileSync(join(root, path), await blob.bytes());
      writeFileSync(`${root}.json`, JSON.stringify({ head, max_length: 24, texts: [shown], logits: [before?.logits] }));
    }
    const ownConfig = JSON.parse(await (merged.files.find(({ path }) => path === 'config.json')?.blob.text() ?? '{}')) as Record<
      string,
      unknown
    >;
    const [architecture] = ownConfig['architectures'] as [string];
    expect(architecture).toMatch(head === 'words' ? /LM|Conditional/ : type === 'gpt2' ? /Sequence/ : /MultipleChoice/);
    if (!architecture.endsWith('ForMultipleChoice')) return;
    // By its class it is known to choose, and asked like the model that was merged.
    const opened = await other.calls.openClassifier({ model: { kind: 'files', name, files: [...merged.files] }, max_length: 24 });
    expect(opened).toMatchObject({ task: name, labels: [] });
    const [again] = await other.calls.predict({ texts: [text] });
    for (const [i, x] of (again?.logits ?? []).entries()) expect(x).toBeCloseTo(before?.logits[i] as number, 4);
  },
);
