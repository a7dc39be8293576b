// ViT (Dosovitskiy et al. 2021) and DeiT (Touvron et al. 2021) as in Transformers: a picture is cut into square patches, each a token by one matrix product; a
// class token, in DeiT a distillation token too, and learned positions; pre-norm layers without a mask. Forward code only. Not here: how pictures become
// patches (src/data/pictures). Invariant: virtual tokens stand before the class token, without positions, and no head reads them.

import type { Graph } from '../graph/graph.ts';
import { joinColumns } from '../graph/ops/columns.ts';
import { dropout } from '../graph/ops/elementwise.ts';
import { addPositions } from '../graph/ops/embedding.ts';
import { linear } from '../graph/ops/linear.ts';
import { pool } from '../graph/ops/pool.ts';
import { laterRows, prependRows } from '../graph/ops/prepend_rows.ts';
import type { Tensor } from '../graph/tensor.ts';
import { ConfigReader, readLayerSizes, requireTable } from './config.ts';
import { linearHead, meanOfHeads } from './heads.ts';
import { type LayerKind, narrowedConfig, transformerLayers } from './layer.ts';
import type { Backbone, BackboneConfig, ImageShape, PooledHead, Stack } from './model.ts';
import { norm } from './sites.ts';

export interface VitConfig extends BackboneConfig {
  readonly image: ImageShape;
  readonly qkv_bias: boolean;
  /** DeiT's checkpoints with a head for each of both tokens, as they were trained with a teacher. */
  readonly with_teacher: boolean;
}

/** Patches along a side, and all of them; what is left over at the right and at the bottom is not read. */
const patchesOf = ({ image_size, patch_size }: ImageShape): number => Math.floor(image_size / patch_size) ** 2;

/** The largest picture that is read, along a side. */
const mostPixels = 2 ** 13;

function readConfig(json: unknown, place: string, model_type: 'vit' | 'deit', dropout?: number): VitConfig {
  const read = new ConfigReader(json, place);
  const sizes = readLayerSizes(read, {
    hidden_size: ['hidden_size', 768],
    num_hidden_layers: ['num_hidden_layers', 12],
    num_attention_heads: ['num_attention_heads', 12],
    intermediate_size: ['intermediate_size', 3072],
  });
  const image_size = read.side('image_size', 224, mostPixels);
  const patch_size = read.side('patch_size', 16, mostPixels);
  read.requires(patch_size <= image_size, 'patch_size', `at most the image size, ${image_size}`);
  read.requires(read.integer('num_channels', 3, 4) === 3, 'num_channels', '3: pictures are read as red, green and blue');
  const image = { image_size, patch_size, num_channels: 3, special_tokens: model_type === 'deit' ? 2 : 1 };
  const tokens = image.special_tokens + patchesOf(image);
  requireTable(read, 'image_size', tokens, sizes.hidden_size);
  return {
    ...{ model_type, ...sizes, image },
    ...{ vocab_size: 0, type_vocab_size: 0, max_position_embeddings: tokens },
    initializer_range: read.number('initializer_range', 0.02, 0, 10),
    layer_norm_eps: read.number('layer_norm_eps', 1e-12, 1e-30, 1),
    hidden_act: read.activation('hidden_act', 'gelu'),
    hidden_dropout_prob: dropout ?? read.probability('hidden_dropout_prob', 0),
    attention_probs_dropout_prob: dropout ?? read.probability('attention_probs_dropout_prob', 0),
    qkv_bias: read.flag('qkv_bias', true),
    with_teacher: read.lists('architectures', 'DeiTForImageClassificationWithTeacher'),
  };
}

/** `config.json` of a ViT, with Transformers' defaults. `dropout` replaces all dropout probabilities. */
export const readVitConfig = (json: unknown, place: string, dropout?: number): VitConfig => readConfig(json, place, 'vit', dropout);
/** The same of a DeiT with its distillation token; one without is published as a ViT. */
export const readDeitConfig = (json: unknown, place: string, dropout?: number): VitConfig => readConfig(json, place, 'deit', dropout);

const names: LayerKind['names'] = {
  projections: { query: 'attention.q_proj', key: 'attention.k_proj', value: 'attention.v_proj' },
  output: 'attention.o_proj',
  attention_norm: 'layernorm_before',
  inner: 'mlp.fc1',
  outer: 'mlp.fc2',
  output_norm: 'layernorm_after',
};

/** What Transformers 4 called these modules, as most files of the hub still do. */
const older: readonly (readonly [RegExp, string])[] = [
  [/^layers\.(\d+)\.attention\.q_proj\./, 'encoder.layer.$1.attention.attention.query.'],
  [/^layers\.(\d+)\.attention\.k_proj\./, 'encoder.layer.$1.attention.attention.key.'],
  [/^layers\.(\d+)\.attention\.v_proj\./, 'encoder.layer.$1.attention.attention.value.'],
  [/^layers\.(\d+)\.attention\.o_proj\./, 'encoder.layer.$1.attention.output.dense.'],
  [/^layers\.(\d+)\.mlp\.fc1\./, 'encoder.layer.$1.intermediate.dense.'],
  [/^layers\.(\d+)\.mlp\.fc2\./, 'encoder.layer.$1.output.dense.'],
  [/^layers\.(\d+)\./, 'encoder.layer.$1.'],
];

/** The older name of a parameter or module; itself where it never had another. */
export function olderVitName(name: string): string {
  const [pattern, spelling] = older.find(([one]) => one.test(name)) ?? [];
  return pattern === undefined || spelling === undefined ? name : name.replace(pattern, spelling);
}

/** Each patch as a token: the convolution [C, 3, p, p] of the checkpoint as a product of the patches [B, P, 3·p·p], cut by the host, with [C, 3·p·p]. */
function projectedPatches(g: Graph, B: number, { hidden_size: C, image }: VitConfig): Tensor {
  const { patch_size: p, num_channels } = image;
  const size = num_channels * p * p;
  const pixels = g.input('pixel_values', [B, patchesOf(image), size], 'f32'); // [B, P, 3·p·p]
  return g.scope('patch_embeddings.projection', () => {
    const w = g.weight(`${g.path}.weight`, [C, size], { stored: { layout: 'shaped', shape: [C, num_channels, p, p] } });
    return linear(g, pixels, w, { bias: g.weight(`${g.path}.bias`, [C]) }); // [B, P, C]
  });
}

function encoder(config: VitConfig): Stack {
  const { hidden_size: C, hidden_dropout_prob: p, num_hidden_layers, num_attention_heads, layer_norm_eps: eps, image } = config;
  const { special_tokens } = image;
  const kind: LayerKind = {
    ...{ norms: 'before', eps, names },
    attention: {
      ...{ num_attention_heads, causal: false, bias: config.qkv_bias },
      dropout: { probabilities: config.attention_probs_dropout_prob, output: p },
    },
    feedForward: { intermediate_size: config.intermediate_size, activation: config.hidden_act, dropout: { inner: 0, output: p } },
  };
  return {
    input_prefix: '',
    num_hidden_layers,
    embed: (g, B, T, before) =>
      g.scope('embeddings', () => {
        const token = (name: string) =>
          g.weight(`${g.path}.${name}`, [1, C], { widened: true, stored: { layout: 'shaped', shape: [1, 1, C] } });
        const patches = projectedPatches(g, B, config); // [B, P, C]
        const behind = special_tokens > 1 ? prependRows(g, token('distillation_token'), patches) : patches;
        const tokens = prependRows(g, token('cls_token'), behind); // [B, T, C]
        const table = g.parameter(`${g.path}.position_embeddings`, [T, C], {
          widened: true,
          stored: { layout: 'grid', shape: [1, T, C], special: special_tokens },
        });
        const h = dropout(g, addPositions(g, tokens, table), p, 'dropout');
        return before?.prompt ? prependRows(g, before.prompt, h) : h; // [B, V + T, C], with V virtual tokens
      }),
    layers: (tokens, adaptation) => transformerLayers('layers', num_hidden_layers, kind, tokens, adaptation),
    finish: (g, h) => norm(g, 'layernorm', h, eps),
  };
}

function vision(config: VitConfig, className: 'ViT' | 'DeiT', prefix: 'vit.' | 'deit.'): Backbone {
  const { image, max_position_embeddings: T } = config;
  const rowsBehind = (g: Graph, h: Tensor, lengths: Tensor, count: number, pooling: 'cls' | 'mean') =>
    pool(g, laterRows(g, h, count), lengths, pooling);
  const head = linearHead({ name: 'classifier', dropout: 0 }, config);
  const cls: PooledHead = {
    pool: (g, h, lengths) => rowsBehind(g, h, lengths, T, 'cls'), // [B, C]
    architecture: `${className}ForImageClassification`,
    head,
  };
  const distilled: PooledHead = {
    pool: (g, h, lengths) => joinColumns(g, rowsBehind(g, h, lengths, T, 'cls'), rowsBehind(g, h, lengths, T - 1, 'cls')), // [B, 2 · C]
    architecture: 'DeiTForImageClassificationWithTeacher',
    head: meanOfHeads(['cls_classifier', 'distillation_classifier'], config),
  };
  // The mean of the patches alone, as global average pooling has it.
  const mean: PooledHead = { pool: (g, h, lengths) => rowsBehind(g, h, lengths, patchesOf(image), 'mean'), head };
  const ofBothTokens = image.special_tokens > 1 ? { distilled } : {};
  return {
    config,
    names: {
      prefixes: [prefix, ''],
      anchor: 'embeddings.position_embeddings',
      aliases: (name) => [olderVitName(name)].filter((spelling) => spelling !== name),
      // Transformers 5.9 and newer read both, those before it the older ones alone.
      written: olderVitName,
      tied: {},
    },
    defaults: {
      lora: { target_modules: ['q_proj', 'v_proj'] },
      ia3: { target_modules: ['k_proj', 'v_proj', 'mlp.fc2'], feedforward_modules: ['mlp.fc2'] },
      // 32 is the largest number of a ViT-S/14 that was measured, on photographs; larger ones carry single numbers in the hundreds. 18 bits hold ±8,192.
      streams: { final_combination: 'weighted', fraction_bits: 18 },
    },
    stacks: [encoder(config)],
    poolings: config.with_teacher ? { ...ofBothTokens, cls, mean } : { cls, ...ofBothTokens, mean },
    narrowed: (factor) => vision(narrowedConfig(config, factor), className, prefix),
  };
}

export const vit = (config: VitConfig): Backbone => vision(config, 'ViT', 'vit.');
export const deit = (config: VitConfig): Backbone => vision(config, 'DeiT', 'deit.');
