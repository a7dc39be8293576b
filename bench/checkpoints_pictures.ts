// Last hidden states of real checkpoints that look at pictures, against Transformers': of the pictures that python/check_checkpoints.py wrote, at the model's own
// size and at another, for which positions are interpolated. Not here: models of texts (checkpoints.ts).
//
// A hidden state is read through a head that is the identity: that of the class token, of patches spread over the picture, and the mean of all patches.

import { readFileSync } from 'node:fs';
import { bytesOf } from '../src/formats/bytes.ts';
import { openSafetensors } from '../src/formats/safetensors.ts';
import { readFloats } from '../src/formats/tensor_file.ts';
import { pool } from '../src/graph/ops/pool.ts';
import { laterRows } from '../src/graph/ops/prepend_rows.ts';
import type { Backbone } from '../src/models/model.ts';
import type { BaseModel } from '../src/session/models/base_model.ts';
import { modelAt, patchesIn, testEngine } from '../test/testing.ts';

export interface Compared {
  readonly worst: number;
  readonly largest: number;
  readonly rows: number;
}

/** Patches of a picture whose states are compared. */
const patchesCompared = 8;

async function tensorsIn(path: string): Promise<Map<string, { shape: readonly number[]; data: Float32Array }>> {
  const file = await openSafetensors(bytesOf(path, new Uint8Array(readFileSync(path))));
  const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const [name, { shape }] of file.tensors) tensors.set(name, { shape, data: await readFloats(file, name) });
  return tensors;
}

/** The model with a head that reads token `t` alone. */
function readingToken(model: BaseModel, t: number): BaseModel {
  const read = (backbone: Backbone): Backbone => {
    const { cls } = backbone.poolings;
    const T = backbone.config.max_position_embeddings;
    if (!cls) return backbone;
    return {
      ...backbone,
      poolings: { ...backbone.poolings, cls: { ...cls, pool: (g, h, lengths) => pool(g, laterRows(g, h, T - t), lengths, 'cls') } },
    };
  };
  return { ...model, backbone: (dropout) => read(model.backbone(dropout)) };
}

/** What a head that is the identity gives of each picture: [n, C]. */
async function states(
  model: BaseModel,
  pooling: 'cls' | 'mean',
  patches: readonly (readonly number[])[],
  C: number,
): Promise<Float32Array> {
  const T = model.backbone().config.max_position_embeddings;
  const n = patches.length;
  const { trainer, executor } = await testEngine({
    ...{ model, method: 'linear-probe', policy: 'store', pooling, num_labels: C, batch_size: n, lengths: [T] },
  });
  const identity = Float32Array.from({ length: C * C }, (_, i) => (i % (C + 1) === 0 ? 1 : 0));
  trainer.setParameters(
    new Map([
      ['classifier.weight', identity],
      ['classifier.bias', new Float32Array(C)],
    ]),
  );
  const found = await trainer.outputs({
    length: T,
    inputs: {
      pixel_values: Float32Array.from(patches.flat()),
      position_ids: Uint32Array.from({ length: n * T }, (_, i) => i % T),
      lengths: new Uint32Array(n).fill(T),
      labels: new Int32Array(n),
    },
    counted: n,
    tokens: n * T,
  });
  executor.destroy();
  return found;
}

/** `folder`: of a checkpoint; `path`: the tensors that were recorded of it. */
export async function comparePictures(folder: string, path: string): Promise<Compared> {
  const recorded = await tensorsIn(path);
  let [worst, largest, rows] = [0, 0, 0];
  for (const size of ['', '_resized']) {
    const [pixels, expected] = [recorded.get(`pixel_values${size}`), recorded.get(`last_hidden_state${size}`)];
    if (!pixels || !expected) throw new Error(`${path} has no pixel_values${size} or no last_hidden_state${size}`);
    const [n = 0, , image_size = 0] = pixels.shape;
    const [, T = 0, C = 0] = expected.shape;
    const model = await modelAt(folder, image_size);
    const { image } = model.backbone().config;
    if (!image) throw new Error(`${folder} looks at no pictures`);
    const each = pixels.data.length / n;
    const patches = Array.from({ length: n }, (_, i) => patchesIn(pixels.data.subarray(i * each, (i + 1) * each), image));
    const special = image.special_tokens;
    const tokens = [0, ...Array.from({ length: patchesCompared }, (_, i) => special + Math.floor((i * (T - special)) / patchesCompared))];
    const at = (i: number, t: number, c: number): number => expected.data[(i * T + t) * C + c] as number;
    const compare = (found: Float32Array, wanted: (i: number, c: number) => number) => {
      for (let i = 0; i < n; i++) {
        for (let c = 0; c < C; c++) {
          worst = Math.max(worst, Math.abs(wanted(i, c) - (found[i * C + c] as number)));
          largest = Math.max(largest, Math.abs(wanted(i, c)));
        }
      }
      rows += n;
    };
    for (const t of tokens) compare(await states(readingToken(model, t), 'cls', patches, C), (i, c) => at(i, t, c));
    const mean = (i: number, c: number): number => {
      let sum = 0;
      for (let t = special; t < T; t++) sum += at(i, t, c);
      return sum / (T - special);
    };
    compare(await states(model, 'mean', patches, C), mean);
  }
  return { worst, largest, rows };
}
