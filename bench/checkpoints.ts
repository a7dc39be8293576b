// Last hidden states and logits of words of real checkpoints against Transformers', both with weights widened to f32. Names of files: a folder of checkpoints,
// and what python/check_checkpoints.py wrote of it with --out.
//
// Hidden states are read through a head that is the identity. A causal model reads its last token, so a batch of all beginnings of a text gives every
// row; another model gives the mean of the rows. It throws where a number is further away than 1e-4, of the largest in the text where that is above 1.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pooledHead } from '../src/models/model.ts';
import { supportedTypes } from '../src/models/registry.ts';
import type { Pooling } from '../src/protocol/config.ts';
import { RetraceError } from '../src/protocol/errors.ts';
import { sequenceToSequence } from '../src/tasks/sequence_to_sequence.ts';
import { batchOf, modelAt, testEngine } from '../test/testing.ts';
import { type Compared, comparePictures } from './checkpoints_pictures.ts';

interface OfPictures {
  readonly model_type: string;
  /** File beside the record. */
  readonly tensors: string;
}

interface Recorded {
  readonly model_type: string;
  readonly input_ids: readonly (readonly number[])[];
  /** [T, C] of each text. */
  readonly last_hidden_state: readonly (readonly (readonly number[])[])[];
  /** Of the word behind each text [V], where the architecture has them. */
  readonly logits?: readonly (readonly number[])[];
}

/** Words of a text whose logits are compared, spread over the vocabulary. */
const wordsOfText = 64;

const allowed = 1e-4;

/** Every text's rows [T, C], or the mean of them [1, C]. */
async function hiddenStates(folder: string, ids: readonly number[], C: number, pooling: Pooling): Promise<Float32Array> {
  const model = await modelAt(folder);
  const [T, rows] = [ids.length, pooling === 'last' ? ids.length : 1];
  const { trainer, executor } = await testEngine({
    ...{ model, method: 'linear-probe', policy: 'store', pooling, num_labels: C, batch_size: rows, lengths: [T] },
  });
  const head = pooledHead(model.backbone(), pooling).head.classes;
  const identity = Float32Array.from({ length: C * C }, (_, i) => (i % (C + 1) === 0 ? 1 : 0));
  trainer.setParameters(new Map(head.map((name) => [name, name.endsWith('.weight') ? identity : new Float32Array(C)])));
  const every = Array.from({ length: rows }, () => ids);
  const lengths = every.map((_, i) => (rows === 1 ? T : i + 1));
  const types = every.map((row) => row.map(() => 0));
  const recorded = { lengths, input_ids: every, token_type_ids: types, labels: every.map(() => 0) };
  const found = await trainer.outputs(batchOf(recorded, model.backbone().config.decoder_start_token_id));
  executor.destroy();
  return Float32Array.from(found);
}

/** Log-probabilities of some words behind the last token of a text, here and as recorded logits [V] give them. */
async function wordsAfter(
  folder: string,
  ids: readonly number[],
  logits: readonly number[],
): Promise<{ found: Float32Array; expected: number[] }> {
  const model = await modelAt(folder);
  const [T, start] = [ids.length, model.backbone().config.decoder_start_token_id];
  const words = Int32Array.from({ length: wordsOfText }, (_, i) => Math.floor((i * logits.length) / wordsOfText));
  const { trainer, executor } = await testEngine({
    ...{ model, task: sequenceToSequence, method: 'linear-probe', policy: 'store', num_labels: 1, batch_size: 1, lengths: [T] },
    change: (setup) => ({ ...setup, buckets: [{ length: T, target_length: T, target_rows: wordsOfText }], purposes: ['evaluation'] }),
  });
  const { inputs, ...batch } = batchOf({ lengths: [T], input_ids: [ids], token_type_ids: [ids.map(() => 0)], labels: [0] }, start);
  const found = await trainer.outputs({
    ...batch,
    inputs: { ...inputs, target_rows: new Uint32Array(wordsOfText).fill(T - 1), labels: words },
  });
  executor.destroy();
  const most = Math.max(...logits);
  const total = most + Math.log(logits.reduce((sum, x) => sum + Math.exp(x - most), 0));
  return { found: Float32Array.from(found), expected: Array.from(words, (word) => (logits[word] as number) - total) };
}

const meanOf = (rows: readonly (readonly number[])[]): number[] =>
  (rows[0] ?? []).map((_, c) => rows.reduce((sum, row) => sum + (row[c] as number), 0) / rows.length);

/** The largest difference, and the largest number that it is of. */
async function compare(folder: string, { input_ids, last_hidden_state, logits }: Recorded): Promise<Compared> {
  const poolings = (await modelAt(folder)).backbone().poolings;
  const pooling: Pooling = poolings.last?.head.before.length === 0 ? 'last' : 'mean';
  let [worst, largest, rows] = [0, 0, 0];
  for (const [i, ids] of input_ids.entries()) {
    const states = last_hidden_state[i] as readonly (readonly number[])[];
    const expected = (pooling === 'last' ? states : [meanOf(states)]).flat();
    const found = await hiddenStates(folder, ids, (states[0] as readonly number[]).length, pooling);
    for (const [at, x] of expected.entries()) {
      worst = Math.max(worst, Math.abs(x - (found[at] as number)));
      largest = Math.max(largest, Math.abs(x));
    }
    rows += pooling === 'last' ? states.length : 1;
    const own = logits?.[i];
    if (own === undefined) continue;
    const words = await wordsAfter(folder, ids, own);
    for (const [at, x] of words.expected.entries()) worst = Math.max(worst, Math.abs(x - (words.found[at] as number)));
    rows++;
  }
  return { worst, largest, rows };
}

export async function run(json: boolean, [folder, file]: readonly string[]): Promise<void> {
  if (folder === undefined || file === undefined)
    throw new RetraceError({
      code: 'bad-flag',
      message: 'Two names are needed: a folder of checkpoints, and the file that python/check_checkpoints.py wrote of it.',
      where: 'bench checkpoints',
      remedy: 'node scripts/bench.mjs checkpoints FOLDER FILE',
    });
  const recorded = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, Recorded | OfPictures>>;
  const results: Record<string, Compared> = {};
  for (const [name, one] of Object.entries(recorded)) {
    if (!supportedTypes.includes(one.model_type)) {
      console.error(`${name}: passed over, for src/models has no ${one.model_type}`);
      continue;
    }
    const base = existsSync(join(folder, 'config.json')) ? folder : join(folder, name);
    const result = 'tensors' in one ? await comparePictures(base, join(dirname(file), one.tensors)) : await compare(base, one);
    results[name] = result;
    if (!json)
      console.log(
        `${name}: ${result.rows} rows, largest difference ${result.worst.toExponential(1)}, largest number ${result.largest.toFixed(1)}`,
      );
    if (!(result.worst <= allowed * Math.max(1, result.largest))) throw new Error(`${name}: ${result.worst} is more than ${allowed}`);
  }
  if (json) console.log(JSON.stringify(results));
}
