// Tasks of words, of choices and of numbers against Transformers: what comes out, the loss and the gradient of every parameter of a small model of each
// architecture, and of methods that train a model to write. Cases are recorded in python/vectors.

import { existsSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { collate, type InputValues } from '../src/data/batches.ts';
import { exampleOf, type TokenRow } from '../src/data/dataset.ts';
import { nameInClass } from '../src/models/model.ts';
import type { MethodChoices, MethodName, Pooling } from '../src/protocol/config.ts';
import { fromStored } from '../src/session/models/stored_form.ts';
import { taskNamed } from '../src/tasks/registry.ts';
import { modelAt, picturesOf, type RecordedPictures, readVectorJson, readVectorTensors, testEngine, vectors } from './testing.ts';

interface Recorded {
  readonly task: 'classification' | 'image_classification' | 'regression' | 'multiple_choice' | 'causal_lm' | 'seq2seq';
  readonly pooling?: Pooling;
  readonly hyper_parameters?: MethodChoices;
  readonly adapter?: string;
  readonly gradients: string;
  readonly loss: number;
  readonly logits?: readonly (readonly number[])[];
  readonly logits_file?: string;
  readonly label_smoothing?: number;
  readonly class_weights?: readonly number[];
  readonly targets?: readonly number[];
  readonly num_choices?: number;
  /** Of words at their own places, of choices, or of classes. */
  readonly labels?: readonly (number | readonly number[])[];
  readonly target?: { readonly lengths: readonly number[]; readonly labels: readonly (readonly number[])[] };
}

interface Case extends Recorded {
  readonly title: string;
  readonly folder: string;
  readonly model: string;
  readonly method: MethodName;
}

const cases = readdirSync(vectors)
  .filter((folder) => existsSync(`${vectors}${folder}/tasks.json`))
  .flatMap((folder): Case[] => {
    const {
      model,
      method = 'full',
      tasks,
    } = readVectorJson<{
      model: string;
      method?: MethodName;
      tasks: Readonly<Record<string, Recorded>>;
    }>(`${folder}/tasks.json`);
    const file = (name: string | undefined) => (name === undefined ? {} : { adapter: `${folder}/${name}` });
    // What of a text is hidden, or what is to be written, stands with the base.
    const base = readVectorJson<{ tasks: Readonly<Record<string, Recorded>> }>(`${model}/tasks.json`).tasks;
    return Object.entries(tasks).map(([name, own]) => ({
      ...{ ...base[name], ...own, ...file(own.adapter) },
      ...{ title: `${folder} ${name}`, folder, model, method, gradients: `${folder}/${own.gradients}` },
    }));
  });

interface RecordedRows {
  readonly lengths: readonly number[];
  readonly input_ids: readonly (readonly number[])[];
  readonly token_type_ids?: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

/** Our own task, and the model's rows as its examples. */
function examplesOf({ task, labels, num_choices: k, target, targets }: Recorded, batch: RecordedRows) {
  const rows = batch.lengths.map((length, b): TokenRow => {
    const input_ids = Uint32Array.from((batch.input_ids[b] as readonly number[]).slice(0, length));
    const token_type_ids = Uint32Array.from((batch.token_type_ids?.[b] ?? [...input_ids].map(() => 0)).slice(0, length));
    return { input_ids, token_type_ids, length, fullLength: length, truncated: false };
  });
  if (task === 'multiple_choice') {
    const example = (right: unknown, i: number) => exampleOf(rows.slice(i * (k ?? 1), (i + 1) * (k ?? 1)), right as number);
    return { name: 'multiple_choice', examples: (labels ?? []).map(example) };
  }
  if (task === 'causal_lm') {
    const asked = rows.map((row, b) => {
      const own = labels?.[b] as readonly number[];
      const at = own.flatMap((label, i) => (i > 0 && label >= 0 ? [i - 1] : []));
      return { ...row, words: { at: Uint32Array.from(at), ids: Uint32Array.from(at, (i) => own[i + 1] as number) } };
    });
    return { name: 'language_modelling', examples: asked.map((row) => exampleOf([row], 0)) };
  }
  if (task === 'seq2seq') {
    const written = rows.map((row, b) => {
      const target_ids = Uint32Array.from((target?.labels[b] ?? []).filter((label) => label >= 0));
      return { ...row, target_ids, words: { at: Uint32Array.from(target_ids.keys()), ids: target_ids } };
    });
    return { name: 'sequence_to_sequence', examples: written.map((row) => exampleOf([row], 0)) };
  }
  return { name: task, examples: rows.map((row, b) => exampleOf([row], targets?.[b] ?? (batch.labels[b] as number))) };
}

/** Of a picture, whose pixels stand in the batch. */
const noRow = (label: number) => exampleOf([], label);

/** log softmax(logits)[label] of the rows that are asked for, in f64. */
function likelihoods(
  logits: Float32Array,
  { target_rows = [], labels = [] }: Readonly<Record<string, InputValues | never[]>>,
  V: number,
  padded: number,
  T: number,
) {
  return [...labels].flatMap((label, r) => {
    if (label < 0) return [];
    // Recorded rows are padded to another length than ours.
    const at = Math.floor((target_rows[r] as number) / T) * padded + ((target_rows[r] as number) % T);
    const row = logits.subarray(at * V, (at + 1) * V);
    const most = row.reduce((a, b) => Math.max(a, b));
    return [(row[label] as number) - most - Math.log(row.reduce((sum, x) => sum + Math.exp(x - most), 0))];
  });
}

/** Largest difference relative to the largest element of the tensor, but not below what f32 can tell from zero where the loss is that large. */
function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>, loss: number): number {
  let [scale, worst] = [1e-4 * Math.max(1, loss), 0];
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i] as number));
    worst = Math.max(worst, Math.abs((found[i] as number) - (expected[i] as number)));
  }
  return worst / scale;
}

const unprefixed = (name: string) => name.replace(/^base_model\.model\./, '').replace(/^(?:bert|roberta|vit|deit)\./, '');
const readTensors = async (path: string) => new Map([...(await readVectorTensors(path))].map(([name, data]) => [unprefixed(name), data]));

test.each(cases)('$title: what comes out, the loss and the gradient of every parameter that Transformers gives', async (own) => {
  const model = await modelAt(`${vectors}${own.model}`);
  const { batch } = readVectorJson<{ batch: RecordedRows | RecordedPictures }>(`${own.model}/expected.json`);
  const pictures = 'pixel_values' in batch ? await picturesOf(own.model, batch, model.backbone()) : undefined;
  const { name, examples } = 'pixel_values' in batch ? { name: own.task, examples: batch.labels.map(noRow) } : examplesOf(own, batch);
  const task = taskNamed(name);
  const { decoder_start_token_id: decoderStart, vocab_size: V, max_position_embeddings } = model.backbone().config;
  const T = pictures ? max_position_embeddings : 11;
  const bucket = { length: T, ...(own.target ? { target_length: 8 } : {}) };
  const rows_per_example = own.num_choices ?? 1;
  const { trainer, executor } = await testEngine({
    ...{ model, task, method: own.method, policy: 'store', num_labels: own.class_weights?.length ?? 1, lengths: [T] },
    ...(own.pooling ? { pooling: own.pooling } : {}),
    batch_size: examples.length,
    options: own.hyper_parameters ?? {},
    ...(own.class_weights ? { class_weights: Float32Array.from(own.class_weights) } : {}),
    change: (setup) => ({
      ...{ ...setup, buckets: [bucket], batch_size: examples.length * rows_per_example, rows_per_example },
      loss: { label_smoothing: own.label_smoothing ?? 0, weighted: own.class_weights !== undefined },
    }),
  });
  // A class for choices may call the head's parameters otherwise.
  const nameOf = (name: string) => unprefixed(nameInClass(model.backbone(), own.pooling ?? 'cls', task.head, name));
  const parameters = new Map(trainer.trainables.map((parameter) => [nameOf(parameter.name), parameter]));
  const asHere = (recorded: ReadonlyMap<string, Float32Array<ArrayBuffer>>) =>
    new Map([...recorded].map(([path, data]) => [path, fromStored(parameters.get(path) ?? { shape: [] }, data)]));
  const given = own.adapter ? asHere(await readTensors(own.adapter)) : new Map<string, Float32Array<ArrayBuffer>>();
  trainer.setParameters(new Map([...given].map(([path, data]) => [parameters.get(path)?.name ?? path, data])));
  const options = { batchSize: examples.length, buckets: [bucket], padTokenId: 0, targets: task.targets, decoderStart };
  const training = pictures ?? collate(examples, Uint32Array.from(examples.keys()), { ...options, rowsPerExample: rows_per_example });
  const alone = examples.flatMap(({ rows, label }) => rows.map((row) => exampleOf([row], label)));
  const evaluation = pictures ?? collate(alone, Uint32Array.from(alone.keys()), { ...options, batchSize: alone.length });
  const outputs = await trainer.outputs(evaluation);
  const result = await trainer.step(0, [training]);
  const found = new Map([...(await trainer.read('gradient'))].map(([name, data]) => [nameOf(name), data]));
  executor.destroy();

  const logits = own.logits_file && [...(await readVectorTensors(`${own.folder}/${own.logits_file}`)).values()][0];
  const written = bucket.target_length ?? T;
  const expectedOutputs = logits ? likelihoods(logits, evaluation.inputs, V, written, written) : (own.logits ?? []).flat();
  expect(expectedOutputs.length).toBeGreaterThan(2);
  expect(Math.max(...expectedOutputs.map((x, i) => Math.abs(x - (outputs[i] as number))))).toBeLessThan(2e-5);
  expect(Math.abs(result.loss - own.loss)).toBeLessThan(1e-5);
  const expected = asHere(await readTensors(own.gradients));
  // Where the loss alone differs, some gradients are recorded.
  if (own.label_smoothing && task.head === 'words') expect([...expected.keys()].filter((path) => !found.has(path))).toEqual([]);
  else expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [path, data] of expected) expect(relativeError(found.get(path) as Float32Array, data, own.loss), path).toBeLessThan(1e-3);
});

test('there are cases of every task, and of words with every method that can train them', () => {
  const of = (task: Recorded['task']) => cases.filter((own) => own.task === task);
  expect(of('multiple_choice').map(({ model }) => model)).toEqual(['tiny_bert', 'tiny_distilbert', 'tiny_roberta']);
  expect(new Set(of('causal_lm').map(({ method }) => method)).size).toBeGreaterThan(10);
  expect(of('seq2seq').length).toBeGreaterThan(8);
  expect(new Set(of('image_classification').map(({ model }) => model))).toEqual(new Set(['tiny_vit', 'tiny_deit']));
});
