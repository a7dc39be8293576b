// The bundled model against Transformers: logits of fifty real texts, from text to logits through our tokenizer, padding and kernels.

import { expect, test } from 'vitest';
import { chooseBuckets, classTargets, collate } from '../src/data/batches.ts';
import { encodeTexts, exampleOf } from '../src/data/dataset.ts';
import { loadTokenizer } from '../src/data/tokenizer.ts';
import { modelAt, readVectorJson, readVectorTensors, testEngine } from './testing.ts';

interface Recorded {
  readonly texts: readonly {
    readonly text: string;
    readonly input_ids: readonly number[];
    readonly logits_mean: readonly number[];
    readonly logits_cls: readonly number[];
  }[];
}

const { texts } = readVectorJson<Recorded>('minilm/expected.json');
const folder = new URL('../public/models/all-MiniLM-L6-v2', import.meta.url).pathname;

// The backbone is the same under both poolings: ten texts are enough to see that the pooler is read as it should.
test.each([
  ['mean', 50],
  ['cls', 10],
] as const)('with %s pooling the logits of %i texts are within 1e-4 of Transformers', async (pooling, count) => {
  const model = await modelAt(folder);
  const tokenizer = await loadTokenizer(model.folder);
  const examples = texts.map(({ text }) => exampleOf(encodeTexts({ text, label: 0 }, tokenizer, 64), 0));
  expect(examples.map(({ rows: [row] }) => [...(row?.input_ids ?? [])])).toEqual(texts.map(({ input_ids }) => input_ids));
  const buckets = chooseBuckets(
    Uint32Array.from(examples, ({ length }) => length),
    { maxLength: 64 },
  );
  const { trainer, executor } = await testEngine({
    model,
    method: 'linear-probe',
    policy: 'store',
    pooling,
    num_labels: 10,
    batch_size: 10,
    lengths: buckets.map(({ length }) => length),
  });
  trainer.setParameters(await readVectorTensors('minilm/head.safetensors'));
  let worst = 0;
  for (let begin = 0; begin < count; begin += 10) {
    const indices = Uint32Array.from({ length: 10 }, (_, i) => begin + i);
    const logits = await trainer.outputs(
      collate(examples, indices, { batchSize: 10, buckets, padTokenId: tokenizer.padTokenId, targets: classTargets }),
    );
    const expected = [...indices].flatMap((i) => texts[i]?.[`logits_${pooling}`] ?? []);
    worst = expected.reduce((most, x, i) => Math.max(most, Math.abs(x - (logits[i] as number))), worst);
  }
  executor.destroy();
  expect(worst).toBeLessThan(1e-4);
});
