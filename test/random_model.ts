// For tests: small models with random weights, of any architecture of the registry, as folders and opened; and random batches for them. The parameters
// are those that the architecture's own forward code names, so a new one needs its row of configuration keys here and nothing else.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { nodeHost } from '../cli/host.ts';
import type { Batch } from '../src/data/batches.ts';
import { type TensorToWrite, writeSafetensors } from '../src/formats/safetensors.ts';
import { type Parameter, sizeOf } from '../src/graph/tensor.ts';
import { type Backbone, ownPooling } from '../src/models/model.ts';
import { backboneOf } from '../src/models/registry.ts';
import type { ModelRef } from '../src/protocol/config.ts';
import { randomKey, randomNormal, randomUniform, siteId } from '../src/random/counter.ts';
import type { PlannedModel } from '../src/session/engine/setup.ts';
import { type BaseModel, openBaseModel } from '../src/session/models/base_model.ts';
import { backboneParameters } from '../src/session/models/required_weights.ts';
import { storedShape, toStored } from '../src/session/models/stored_form.ts';

export interface ModelShape {
  readonly num_hidden_layers: number;
  readonly hidden_size: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  readonly vocab_size: number;
  readonly max_position_embeddings: number;
  /** Where pairs are read by the bundled tokenizer, which gives types that the architecture's own does not. */
  readonly type_vocab_size?: number;
  /** false: words are written by another table than that which reads them. */
  readonly tie_word_embeddings?: boolean;
  /** Of pictures; 12 and 4 where left out. */
  readonly image_size?: number;
  readonly patch_size?: number;
}

/** A shape in an architecture's own keys. */
const configs: Readonly<Record<string, (shape: ModelShape) => object>> = {
  bert: (shape) => shape,
  // Two rows of its positions are nobody's.
  roberta: (shape) => ({ type_vocab_size: 1, ...shape, max_position_embeddings: shape.max_position_embeddings + 2, layer_norm_eps: 1e-5 }),
  distilbert: ({
    hidden_size: dim,
    num_hidden_layers: n_layers,
    num_attention_heads: n_heads,
    intermediate_size: hidden_dim,
    ...rest
  }) => ({
    ...{ dim, n_layers, n_heads, hidden_dim },
    ...rest,
  }),
  gpt2: (shape) => ({
    ...{ n_embd: shape.hidden_size, n_layer: shape.num_hidden_layers, n_head: shape.num_attention_heads, n_inner: shape.intermediate_size },
    ...{ n_positions: shape.max_position_embeddings, vocab_size: shape.vocab_size, tie_word_embeddings: shape.tie_word_embeddings },
  }),
  opt: ({ intermediate_size: ffn_dim, ...rest }) => ({ ffn_dim, ...rest, word_embed_proj_dim: rest.hidden_size }),
  // Half of the layers read, the others write, with other widths inside.
  bart: ({ hidden_size: d_model, num_hidden_layers, num_attention_heads: heads, intermediate_size, ...rest }) => ({
    ...{ d_model, encoder_attention_heads: heads, decoder_attention_heads: heads },
    ...{ encoder_layers: Math.floor(num_hidden_layers / 2), decoder_layers: Math.ceil(num_hidden_layers / 2) },
    ...{ encoder_ffn_dim: intermediate_size, decoder_ffn_dim: intermediate_size - 4 },
    // Transformers looks for this token at the end of a text: [SEP] of the bundled tokenizer, where that is the model's.
    ...(rest.vocab_size === bundledVocabulary ? { eos_token_id: 102 } : {}),
    ...rest,
  }),
  vit: ofPictures,
  deit: ofPictures,
};

/** Nine patches of pictures of 12 x 12, unless the shape says otherwise. */
function ofPictures({ vocab_size: _, max_position_embeddings: __, ...shape }: ModelShape) {
  return { image_size: 12, patch_size: 4, ...shape };
}

/** Every architecture that tests draw. */
export const drawnTypes: readonly string[] = Object.keys(configs);

/** A model of any shape with weights at N(0, 0.05²), opened. */
export const randomModel = (shape: ModelShape, model_type = 'bert'): Promise<BaseModel> =>
  openBaseModel(randomModelFiles(shape, {}, model_type), nodeHost());

/** What a test changes in a random model's folder. */
export interface FolderChange {
  /** Beside the shape, and instead of what is there. */
  readonly config?: object;
  tensors?(whole: readonly TensorToWrite[]): readonly TensorToWrite[];
  /** Of weights, by path; one model.safetensors where left out. */
  weights?(tensors: readonly TensorToWrite[]): Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
}

/** A parameter as a checkpoint stores it. */
function drawn(parameter: Parameter): TensorToWrite {
  const { name, shape, mean } = parameter;
  const key = randomKey(7, 0, siteId(name));
  const values = Float32Array.from({ length: sizeOf(shape) }, (_, i) => mean + 0.05 * randomNormal(key, i));
  return { name, dtype: 'F32', shape: storedShape(parameter), bytes: new Uint8Array(toStored(parameter, values).buffer) };
}

const configOf = (shape: ModelShape, model_type: string) => ({ model_type, ...configs[model_type]?.(shape) });

/** What such a model computes, without weights. */
export const randomBackbone = (shape: ModelShape, model_type: string) => backboneOf(configOf(shape, model_type), 'random');

/** The same as picked files. With the bundled tokenizer where the vocabulary has its size, so that a whole session runs on it in moments. */
export function randomModelFiles(shape: ModelShape, change: FolderChange = {}, model_type = 'bert'): Extract<ModelRef, { kind: 'files' }> {
  const config = configOf(shape, model_type);
  const backbone = randomBackbone(shape, model_type);
  const pooling = ownPooling(backbone);
  const model: PlannedModel = { name: 'random', backbone: () => backbone, pooling, storedType: () => 'f32' };
  const parameters = [pooling, ...(backbone.vocabulary ? [undefined] : [])].flatMap((read) => backboneParameters(model, read));
  const needed = parameters.filter(({ owner, initial }) => owner === 'backbone' && !('absent' in initial));
  const tensors = [...new Map(needed.map((parameter) => [parameter.name, parameter])).values()].map(drawn);
  const changed = change.tensors?.(tensors) ?? tensors;
  const weights = change.weights?.(changed) ?? { 'model.safetensors': writeSafetensors(changed, { format: 'pt' }) };
  const files = [
    { path: 'config.json', blob: new Blob([JSON.stringify({ ...config, ...change.config })]) },
    ...Object.entries(weights).map(([path, bytes]) => ({ path, blob: new Blob([bytes]) })),
  ];
  if (shape.vocab_size === bundledVocabulary) {
    files.push({ path: 'tokenizer.json', blob: new Blob([readFileSync(bundledTokenizer)]) });
    // Else it would be taken as the model's type says, with other special tokens.
    files.push({ path: 'tokenizer_config.json', blob: new Blob([JSON.stringify({ tokenizer_class: 'BertTokenizer' })]) });
  }
  return { kind: 'files', name: 'random', files };
}

export const bundledVocabulary = 30522;
const bundledTokenizer = fileURLToPath(new URL('../public/models/all-MiniLM-L6-v2/tokenizer.json', import.meta.url));

/** A batch of random pictures, as patches, of a model that looks at them. */
export function randomPictures(seed: number, B: number, { config }: Backbone, num_labels: number) {
  const { max_position_embeddings: T, image } = config;
  const { patch_size = 0, num_channels = 0, special_tokens = 0 } = image ?? {};
  const key = randomKey(seed, 0, siteId('pictures'));
  return {
    length: T,
    inputs: {
      pixel_values: Float32Array.from({ length: B * (T - special_tokens) * num_channels * patch_size ** 2 }, (_, i) =>
        randomNormal(key, i),
      ),
      position_ids: Uint32Array.from({ length: B * T }, (_, i) => i % T),
      lengths: new Uint32Array(B).fill(T),
      labels: Int32Array.from({ length: B }, (_, b) => Math.floor(randomUniform(key, b) * num_labels)),
    },
    counted: B,
    tokens: B * T,
  } satisfies Batch;
}

/** A batch of random tokens with lengths that are ragged, one of them full, or all full. */
export function randomBatch(seed: number, B: number, T: number, vocab_size: number, num_labels: number, ragged = true) {
  const key = randomKey(seed, 0, siteId('batch'));
  const draw = (i: number, below: number) => Math.floor(randomUniform(key, i) * below);
  const lengths = Uint32Array.from({ length: B }, (_, b) => (b === 0 || !ragged ? T : 1 + draw(1000 + b, T)));
  const position_ids = Uint32Array.from({ length: B * T }, (_, i) => i % T);
  return {
    length: T,
    inputs: {
      input_ids: Uint32Array.from({ length: B * T }, (_, i) => draw(i, vocab_size)),
      token_type_ids: new Uint32Array(B * T),
      position_ids,
      lengths,
      decoder_input_ids: Uint32Array.from({ length: B * T }, (_, i) => draw(3000 + i, vocab_size)),
      decoder_position_ids: position_ids,
      decoder_lengths: Uint32Array.from(lengths).reverse(),
      labels: Int32Array.from({ length: B }, (_, b) => draw(2000 + b, num_labels)),
    },
    counted: B,
    tokens: lengths.reduce((sum, own) => sum + own, 0),
  } satisfies Batch;
}

/** A batch of B rows in slices of `size`, the last filled up with rows of no tokens. */
export function slicesOf(batch: Batch, B: number, size: number): Batch[] {
  return Array.from({ length: Math.ceil(B / size) }, (_, i) => {
    const rows = Math.min(size, B - i * size);
    const inputs = Object.entries(batch.inputs).map(([name, values]) => {
      const width = values.length / B;
      const slice = values.slice(0, size * width).fill(name === 'labels' ? -100 : 0);
      slice.set(values.subarray(i * size * width, (i * size + rows) * width));
      return [name, slice] as const;
    });
    return { ...batch, inputs: Object.fromEntries(inputs), counted: rows, first_example: i * size };
  });
}
