// What a run's classifier starts from: rows by name, by number, in order, or anew. Needs no GPU.

import { expect, test } from 'vitest';
import { nodeHost } from '../../../cli/host.ts';
import { randomModelFiles } from '../../../test/random_model.ts';
import type { TensorToWrite } from '../../formats/safetensors.ts';
import { type BaseModel, openBaseModel } from './base_model.ts';
import { classifierStart, classifierValues } from './classifier.ts';

const shape = {
  ...{ hidden_size: 16, num_attention_heads: 4, intermediate_size: 16, vocab_size: 20, max_position_embeddings: 16 },
  num_hidden_layers: 1,
};
const ofTexts = { pooling: 'cls', head: 'sequence' } as const;
const ofChoices = { pooling: 'cls', head: 'choices' } as const;
const named = (...names: string[]) => ({ id2label: Object.fromEntries(names.map((name, i) => [i, name])) });
const nli = named('entailment', 'neutral', 'contradiction');

/** Row i holds i everywhere. */
function head(rows: number, C = 16, before = ''): TensorToWrite[] {
  const weight = Float32Array.from({ length: rows * C }, (_, i) => Math.floor(i / C));
  const bias = Float32Array.from({ length: rows }, (_, i) => i);
  return [
    { name: `${before}classifier.weight`, dtype: 'F32', shape: [rows, C], bytes: new Uint8Array(weight.buffer) },
    { name: `${before}classifier.bias`, dtype: 'F32', shape: [rows], bytes: new Uint8Array(bias.buffer) },
  ];
}

const model = (config: object, own: readonly TensorToWrite[] = head(3)): Promise<BaseModel> =>
  openBaseModel(randomModelFiles(shape, { config, tensors: (all) => [...all, ...own] }), nodeHost());

const rowsOf = async (base: BaseModel, labels: readonly string[]) => {
  const values = await classifierValues(base, ofTexts, classifierStart(base, ofTexts, labels));
  const bias = values.get('classifier.bias');
  const weight = values.get('classifier.weight');
  if (bias && weight) expect([...weight].filter((_, i) => i % 16 === 0)).toEqual([...bias]);
  return bias && [...bias];
};

test.each<[what: string, config: object, labels: string[], rows: number[], says: string]>([
  ['all by name, in another order', nli, ['contradiction', 'entailment', 'neutral'], [2, 0, 1], 'all 3 of its classes, each by its name'],
  ['some by name', nli, ['contradiction', 'entailment'], [2, 0], '2 of its 3 classes'],
  ['by label2id alone', { label2id: { b: 1, a: 0, c: 2 } }, ['c', 'b', 'a'], [2, 1, 0], 'each by its name'],
  [
    'unnamed classes in order',
    named('LABEL_0', 'LABEL_1', 'LABEL_2'),
    ['bad', 'fair', 'good'],
    [0, 1, 2],
    'have no names: bad is class 0, fair is class 1',
  ],
  ['classes that nobody listed', {}, ['bad', 'fair', 'good'], [0, 1, 2], 'have no names'],
  ['unnamed classes by number', named('LABEL_0', 'LABEL_1', 'LABEL_2'), ['2', '0', '1'], [2, 0, 1], '2 is class 2'],
  ['unnamed classes by their own names', named('LABEL_0', 'LABEL_1', 'LABEL_2'), ['LABEL_2', 'LABEL_0'], [2, 0], 'each by its name'],
])('%s', async (_, config, labels, rows, says) => {
  const base = await model(config);
  const start = classifierStart(base, ofTexts, labels);
  expect(start.start, start.text).toBe('checkpoint');
  expect(start.text).toContain(says);
  expect(await rowsOf(base, labels)).toEqual(rows);
});

test.each<[what: string, base: () => Promise<BaseModel>, labels: string[], says: string]>([
  [
    'other names',
    () => model(nli),
    ['neg', 'pos'],
    "the checkpoint's classes are entailment, neutral and contradiction; it lacks neg and pos",
  ],
  ['one other name among three', () => model(nli), ['entailment', 'neutral', 'unsure'], 'it lacks unsure'],
  ['names that differ by case', () => model(nli), ['Entailment', 'neutral', 'contradiction'], 'it lacks Entailment'],
  ['numbers beside names, whose order nobody told', () => model(nli), ['0', '1', '2'], 'it lacks 0, 1 and 2'],
  ['unnamed classes of another count', () => model({}), ['neg', 'pos'], 'has 3 classes without names, and these are 2'],
  ['two classes of one name', () => model(named('a', 'a', 'b')), ['a', 'b'], 'without names'],
  ['no classifier', () => model(nli, []), ['neutral'], 'the checkpoint has no classifier'],
  ['a classifier of another width', () => model(nli, head(3, 32)), ['neutral', 'entailment'], 'other tensors'],
  ['a classifier without its bias', () => model(nli, head(3).slice(0, 1)), ['neutral', 'entailment'], 'other tensors'],
  [
    'a classifier of tokens',
    () => model({ ...nli, architectures: ['BertForTokenClassification'] }),
    ['neutral', 'entailment'],
    'that of BertForTokenClassification',
  ],
])('%s: a fresh one', async (_, base, labels, says) => {
  const opened = await base();
  const start = classifierStart(opened, ofTexts, labels);
  expect(start).toMatchObject({ start: 'fresh', text: expect.stringContaining(says) });
  expect(await classifierValues(opened, ofTexts, start)).toEqual(new Map());
});

const scoring = () => model({ architectures: ['BertForMultipleChoice'] }, head(1));

test('a head that scores choices begins as that of a checkpoint that does', async () => {
  const base = await scoring();
  const start = classifierStart(base, ofChoices, []);
  expect(start).toMatchObject({ start: 'checkpoint', text: "The head is the checkpoint's, which gives a score." });
  expect([...(await classifierValues(base, ofChoices, start)).keys()]).toEqual(['classifier.weight', 'classifier.bias']);
});

/** [16, 16] of 7 and [16] of 8, or of another width. */
const pooler = (C = 16): TensorToWrite[] => [
  { name: 'roberta.pooler.dense.weight', dtype: 'F32', shape: [C, C], bytes: new Uint8Array(new Float32Array(C * C).fill(7).buffer) },
  { name: 'roberta.pooler.dense.bias', dtype: 'F32', shape: [C], bytes: new Uint8Array(new Float32Array(C).fill(8).buffer) },
];
const robertaWith = (config: object, own: readonly TensorToWrite[]) =>
  openBaseModel(
    randomModelFiles(
      shape,
      { config, tensors: (all) => [...all.map((tensor) => ({ ...tensor, name: `roberta.${tensor.name}` })), ...own] },
      'roberta',
    ),
    nodeHost(),
  );

test("RoBERTa's class for choices has the head's first layer as its pooler, which is pretrained where the checkpoint has one", async () => {
  const scoring = await robertaWith({ architectures: ['RobertaForMultipleChoice'] }, [...pooler(), ...head(1)]);
  const start = classifierStart(scoring, ofChoices, []);
  expect(start.text).toBe("The head is the checkpoint's, which gives a score.");
  const values = await classifierValues(scoring, ofChoices, start);
  expect([...values].map(([name, data]) => [name, data.length, data[0]])).toEqual([
    ['classifier.out_proj.weight', 16, 0],
    ['classifier.out_proj.bias', 1, 0],
    ['classifier.dense.weight', 256, 7],
    ['classifier.dense.bias', 16, 8],
  ]);
  expect(classifierStart(scoring, ofTexts, ['a', 'b']).text).toContain('the checkpoint has no classifier');

  const plain = await robertaWith({ architectures: ['RobertaForMaskedLM'] }, pooler());
  const anew = classifierStart(plain, ofChoices, []);
  expect(anew).toMatchObject({ start: 'fresh', text: expect.stringContaining("Its first layer is the checkpoint's pooler.") });
  expect([...(await classifierValues(plain, ofChoices, anew)).keys()]).toEqual(['classifier.dense.weight', 'classifier.dense.bias']);
  // That of another width is no such layer.
  const other = await robertaWith({}, pooler(8));
  expect(classifierStart(other, ofChoices, []).text).not.toContain('pooler');
});

test('texts are not told apart by a head that scores choices, nor choices scored by one that tells classes apart', async () => {
  expect(classifierStart(await scoring(), ofTexts, []).text).toContain('that of BertForMultipleChoice');
  expect(classifierStart(await model(nli), ofChoices, []).text).toContain('tells 3 classes apart, and a score is learned');
});
