// Adapters as PEFT saved them, in every variant of python/vectors/peft: read for the tiny BERT, on the GPU, against PEFT's own logits.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { writeZip } from '../formats/zip.ts';
import { engineConfigOf, readAdapterZip, valuesOf } from './exporting.ts';
import { batchOf, modelAt, type RecordedBatch, readVectorJson, testEngine, vectors } from './testing.ts';

const { logits } = readVectorJson<{ logits: Readonly<Record<string, readonly (readonly number[])[]>> }>('peft/expected.json');
const { batch } = readVectorJson<{ batch: RecordedBatch }>('tiny_bert/expected.json');
const model = await modelAt(`${vectors}tiny_bert`);

/** The files of a folder of python/vectors/peft, by their paths in it. */
function filesOf(name: string): Map<string, Uint8Array> {
  const folder = join(vectors, 'peft', name);
  const paths = (readdirSync(folder, { recursive: true }) as string[])
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile());
  return new Map(paths.map((path) => [relative(folder, path), new Uint8Array(readFileSync(path))]));
}

const zipOf = (files: ReadonlyMap<string, Uint8Array>) => writeZip([...files].map(([path, bytes]) => ({ path, bytes })));
const read = (name: string, change: Readonly<Record<string, unknown>> = {}) => {
  const files = filesOf(name);
  const config = JSON.parse(new TextDecoder().decode(files.get('adapter_config.json') ?? new TextEncoder().encode('{}')));
  if (Object.keys(change).length > 0) files.set('adapter_config.json', new TextEncoder().encode(JSON.stringify({ ...config, ...change })));
  return readAdapterZip('adapter.zip', zipOf(files), model, undefined);
};

test.each(Object.keys(logits))("%s gives PEFT's logits", async (name) => {
  const archive = await read(name);
  const { method, options, pooling } = engineConfigOf(archive.config);
  const { trainer, executor } = await testEngine({
    model,
    method,
    policy: 'store',
    pooling: pooling ?? 'mean',
    num_labels: archive.labels.length,
    batch_size: 4,
    lengths: [11],
    options,
    change: (setup) => ({ ...setup, purposes: ['evaluation'] }),
  });
  trainer.setParameters(valuesOf(archive));
  const ours = await trainer.logits(batchOf(batch));
  executor.destroy();
  const far = (logits[name] ?? []).flat().map((x, i) => Math.abs(x - (ours[i] as number)));
  expect(far).toHaveLength(12);
  expect(Math.max(...far)).toBeLessThan(1e-5);
});
