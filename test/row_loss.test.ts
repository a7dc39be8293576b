// Heads over many rows: few rows at a time give the bits of all at once, on the GPU and through the session's own path; a vocabulary head's gradients
// are the finite differences of its loss.

import { expect, test } from 'vitest';
import { vocabularyHead, vocabularyLoss } from '../bench/vocabulary.ts';
import { Executor } from '../src/gpu/executor.ts';
import { backward } from '../src/graph/differentiate.ts';
import { Graph } from '../src/graph/graph.ts';
import { copyInto } from '../src/graph/ops/elementwise.ts';
import { embedding } from '../src/graph/ops/embedding.ts';
import { gatherRows } from '../src/graph/ops/gather_rows.ts';
import { logLikelihood } from '../src/graph/ops/loss.ts';
import { vocabularyLogits } from '../src/graph/ops/vocabulary.ts';
import { defaultMaxBinding, Registry } from '../src/graph/registry.ts';
import { sizeOf, type Tensor } from '../src/graph/tensor.ts';
import { planRun } from '../src/plan/plan.ts';
import { defaultTraining } from '../src/protocol/config.ts';
import { randomKey, randomNormal, siteId } from '../src/random/counter.ts';
import { type OutputLoss, type RowHead, rowLoss, rowScores } from '../src/train/row_loss.ts';
import { metricSlots, metricsOf, stepPrograms } from '../src/train/update.ts';
import { randomBatch } from './random_model.ts';
import { defaultStep, Interpreter } from './reference/interpreter.ts';
import { modelAt, testDevice, testEngine, vectors } from './testing.ts';

test('a classifier of 160 examples and 1000 labels, 64 at a time, gives the loss, the gradients and the update of all at once, bit for bit', async () => {
  const model = await modelAt(`${vectors}tiny_bert`);
  const [B, num_labels] = [160, 1000];
  const batch = randomBatch(3, B, 8, 50, num_labels);
  const results = [];
  for (const token_chunk of [64, 1000]) {
    const { trainer, executor } = await testEngine({
      ...{ model, method: 'full', policy: 'store', pooling: 'mean', num_labels, batch_size: B, lengths: [8] },
      training: { dropout: 0.2, warmup_ratio: 0 },
      change: (setup) => ({ ...setup, token_chunk }),
    });
    const { loss } = await trainer.step(0, [batch]);
    results.push({ loss, gradients: await trainer.read('gradient'), parameters: await trainer.read('parameter') });
    executor.destroy();
  }
  expect(results[0]?.loss).toBeGreaterThan(1);
  expect(results[0]).toEqual(results[1]);
});

/** An odd vocabulary, whose table comes in two ranges of rows. */
const [R, C, V] = [130, 8, 13];

function vocabularyStep(tokensAtATime: number) {
  const registry = new Registry(8 * C * 4);
  const g = new Graph(registry, { trains: () => true, storedType: () => 'f32', training: true, tokensAtATime });
  const [rows, labels] = [g.input('rows', [R, C], 'f32'), g.input('labels', [R], 'i32')];
  const gradient = registry.result('d_rows', [R, C], 'f32');
  const d_rows = rowLoss(g, rows, { head: vocabularyHead(C, V), targets: labels, loss: vocabularyLoss(V) }, true) as Tensor;
  g.phase('backward', () => copyInto(g, d_rows, gradient));
  const interpreter = new Interpreter();
  const drawn = (name: string) => {
    const key = randomKey(1, 0, siteId(name));
    return (_: unknown, i: number) => randomNormal(key, i);
  };
  const parameters = [...registry.parameters.values()].flatMap(({ tensors }) => tensors);
  const nameOf = ({ name, rowBegin = 0 }: Tensor) => (rowBegin > 0 ? `${name} from row ${rowBegin}` : name);
  for (const tensor of parameters) interpreter.set(tensor, Array.from({ length: sizeOf(tensor.shape) }, drawn(nameOf(tensor))));
  interpreter.set(rows, Array.from({ length: R * C }, drawn('rows')));
  // Every third token is asked for.
  interpreter.set(
    labels,
    Array.from({ length: R }, (_, i) => (i % 3 === 0 ? (7 * i) % V : -100)),
  );
  // Log-likelihoods take the same way, without a gradient.
  const scoring = new Graph(registry, { ...g.options, training: false });
  for (const [name, tensor] of g.inputs) scoring.inputs.set(name, tensor);
  const likelihoods = registry.result('likelihoods', [R], 'f32');
  const score: OutputLoss = (own, logits, targets) => logLikelihood(own, logits, targets, V);
  copyInto(scoring, rowScores(scoring, rows, labels, { head: vocabularyHead(C, V), score }), likelihoods);
  const likelihoodsOf = () => {
    interpreter.run(scoring);
    return interpreter.values(likelihoods).slice();
  };
  const lossOf = () => {
    const metrics = interpreter.values(metricsOf(registry));
    metrics.fill(0);
    for (const each of registry.gradients.values()) interpreter.values(each).fill(0);
    interpreter.run(g, { inverse_count: 1 / 44 });
    return metrics[metricSlots.loss] as number;
  };
  const judged = parameters.map(
    (tensor) => [nameOf(tensor), interpreter.values(tensor), interpreter.values(registry.gradientOf(tensor))] as const,
  );
  return { g, lossOf, likelihoodsOf, judged: [...judged, ['rows', interpreter.values(rows), interpreter.values(gradient)] as const] };
}

test('a vocabulary head, 64 tokens at a time: its loss is that of all at once, its gradients the finite differences', () => {
  const { g, lossOf, likelihoodsOf, judged } = vocabularyStep(64);
  expect(g.nodes.filter(({ op }) => op.name === 'softmax_cross_entropy')).toHaveLength(3);
  expect(judged.map(([name]) => name)).toContain('word_embeddings.weight from row 8');
  // A picture of a step has one way there and one way back.
  const phases = g.nodes.map(({ place }) => place.phase);
  expect(phases.filter((phase, i) => phase !== phases[i - 1])).toEqual(['forward', 'backward']);
  expect(lossOf()).toBe(vocabularyStep(Number.POSITIVE_INFINITY).lossOf());
  const likelihoods = likelihoodsOf();
  expect(likelihoods).toEqual(vocabularyStep(Number.POSITIVE_INFINITY).likelihoodsOf());
  expect(likelihoods.filter((value) => value !== 0)).toHaveLength(44);
  expect(-likelihoods.reduce((sum, value) => sum + value, 0) / 44).toBeCloseTo(lossOf(), 12);
  const found = judged.map(([, , gradient]) => Float64Array.from(gradient));
  const h = 1e-5;
  for (const [n, [name, values]] of judged.entries()) {
    // Of rows: one that has a label, in the last part.
    const at = name === 'rows' ? 129 * C + 3 : Math.floor(0.6 * values.length);
    const kept = values[at] as number;
    const lossAt = (value: number) => {
      values[at] = value;
      return lossOf();
    };
    const difference = (lossAt(kept + h) - lossAt(kept - h)) / (2 * h);
    values[at] = kept;
    expect(Math.abs(difference), name).toBeGreaterThan(1e-6);
    expect(Math.abs(difference - (found[n]?.[at] as number)), name).toBeLessThan(1e-8);
  }
});

/** A step of a table of 61 words that embeds and gives logits, on the GPU, with labelled rows gathered first: its bits. */
async function tiedStep(tokensAtATime: number, maxBinding: number) {
  const [T, words, width] = [160, 61, 16];
  const registry = new Registry(maxBinding);
  const options = { trains: () => true, storedType: () => 'f32' as const };
  const g = new Graph(registry, { ...options, training: true, tokensAtATime });
  const table = g.parameter('word_embeddings.weight', [words, width]);
  const { result: rows, tape } = g.record(() => gatherRows(g, embedding(g, 1, T, { word: table }), g.input('labelled', [T], 'u32')));
  const head: RowHead = (own, x) => vocabularyLogits(own, x, table);
  const d_rows = rowLoss(g, rows, { head, targets: g.input('labels', [T], 'i32'), loss: vocabularyLoss(words) }, true) as Tensor;
  g.phase('backward', () => backward(g, tape, new Map([[rows, d_rows]]), []));
  const step = stepPrograms(registry, options, { optimizer: defaultTraining, purposes: ['training'] });
  const plan = planRun(registry, [{ name: 'training', graph: g }], step);
  const executor = await Executor.prepare(await testDevice(), plan);
  const ids = Array.from({ length: T }, (_, t) => (t * 7) % words);
  // Every second token is asked for; the rest of the rows are none.
  const labelled = Uint32Array.from({ length: T }, (_, r) => (2 * r < T ? 2 * r : 0xffffffff));
  const inputs: Readonly<Record<string, Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer>>> = {
    input_ids: Uint32Array.from(ids),
    input_ids_chain: Uint32Array.from(ids, (id, t) => (ids.indexOf(id) === t ? 2 ** 31 : 0) + ids.indexOf(id, t + 1) + 1),
    labelled,
    labels: Int32Array.from(labelled, (row) => ids[row + 1] ?? -100),
  };
  for (const [name, values] of Object.entries(inputs)) executor.writeInput('training', name, values);
  const key = randomKey(1, 0, siteId('table'));
  for (const range of table.tensors) {
    const first = (range.rowBegin ?? 0) * width;
    executor.writeTensor(
      range,
      Float32Array.from({ length: sizeOf(range.shape) }, (_, i) => randomNormal(key, first + i)),
    );
  }
  executor.writeStep({ ...defaultStep, inverse_count: 1 / 80 });
  executor.run(['begin', 'training']);
  const loss = new Float32Array((await executor.readResults())(metricsOf(registry).name))[metricSlots.loss];
  const gradient: number[] = [];
  for (const range of table.tensors) gradient.push(...new Float32Array(await executor.readTensor(registry.gradientOf(range))));
  executor.destroy();
  return { ranges: table.tensors.length, loss, gradient };
}

test('a tied vocabulary has the same bits on the GPU however many rows go at a time, and in ranges the loss of one table', async () => {
  const whole = await tiedStep(Number.POSITIVE_INFINITY, defaultMaxBinding);
  expect(whole.ranges).toBe(1);
  expect(whole.loss).toBeGreaterThan(1);
  expect(whole.gradient.every((value) => Number.isFinite(value) && value !== 0)).toBe(true);
  expect(await tiedStep(64, defaultMaxBinding)).toEqual(whole);
  const ranged = await tiedStep(64, 26 * 16 * 4);
  expect(ranged.ranges).toBe(3);
  expect(ranged.loss).toBe(whole.loss);
  ranged.gradient.forEach((value, i) => {
    expect(value, `element ${i}`).toBeCloseTo(whole.gradient[i] as number, 6);
  });
});
