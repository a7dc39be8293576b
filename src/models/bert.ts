// BERT (Devlin et al. 2019) as in Transformers: post-LN layers, learned positions, tanh pooler. Forward code only.

import type { Graph, Tensor } from '../graph/ir.ts';
import { attentionWithLse, mostHeadSize } from '../graph/ops/attention.ts';
import { applyActivation, dropout } from '../graph/ops/elementwise.ts';
import { embedding } from '../graph/ops/embedding.ts';
import { layerNorm } from '../graph/ops/layer_norm.ts';
import { linear } from '../graph/ops/linear.ts';
import type { Activation } from '../kernels/table.ts';
import { RetraceError } from '../protocol/errors.ts';
import { ConfigReader } from './config.ts';
import type { Adaptation, Backbone, BackboneConfig, CheckpointNames, LayerBlocks, LinearSite } from './model.ts';

export interface BertConfig extends BackboneConfig {
  readonly attention_probs_dropout_prob: number;
}

/** Sizes past these are no model of the kind: the largest published encoders have 48 layers of 4096 and 250,000 to a million tokens. */
const most = { layers: 256, width: 2 ** 15, rows: 2 ** 24, positions: 2 ** 20 } as const;

/** Kernels index the elements of a tensor by 32 bits. */
const mostElements = 2 ** 32 - 1;

/** `config.json` of a BERT, with Transformers' defaults. `dropout` replaces both dropout probabilities. */
export function readBertConfig(json: unknown, place: string, dropoutOverride?: number): BertConfig {
  const read = new ConfigReader(json, place);
  const config: BertConfig = {
    model_type: 'bert',
    hidden_size: read.integer('hidden_size', 768, most.width),
    num_hidden_layers: read.integer('num_hidden_layers', 12, most.layers),
    num_attention_heads: read.integer('num_attention_heads', 12, most.width),
    intermediate_size: read.integer('intermediate_size', 3072, 4 * most.width),
    vocab_size: read.integer('vocab_size', 30522, most.rows),
    max_position_embeddings: read.integer('max_position_embeddings', 512, most.positions),
    type_vocab_size: read.integer('type_vocab_size', 2, most.rows),
    initializer_range: read.number('initializer_range', 0.02, 0, 10),
    layer_norm_eps: read.number('layer_norm_eps', 1e-12, 1e-30, 1),
    hidden_act: read.oneOf('hidden_act', ['gelu', 'relu'], 'gelu'),
    hidden_dropout_prob: dropoutOverride ?? read.probability('hidden_dropout_prob', 0.1),
    attention_probs_dropout_prob: dropoutOverride ?? read.probability('attention_probs_dropout_prob', 0.1),
  };
  read.oneOf('position_embedding_type', ['absolute'], 'absolute');
  read.not('is_decoder', 'false: tokens that see only those before them are not supported');
  read.not('add_cross_attention', 'false');
  read.requires(config.hidden_size % config.num_attention_heads === 0, 'hidden_size', 'a multiple of num_attention_heads');
  read.requires((config.hidden_size / config.num_attention_heads) % 4 === 0, 'hidden_size', 'num_attention_heads times a multiple of 4');
  read.requires(
    config.hidden_size / config.num_attention_heads <= mostHeadSize,
    'hidden_size',
    `num_attention_heads times at most ${mostHeadSize}`,
  );
  read.requires(config.intermediate_size % 4 === 0, 'intermediate_size', 'a multiple of 4');
  for (const name of ['vocab_size', 'max_position_embeddings', 'type_vocab_size', 'intermediate_size'] as const) {
    read.requires(
      config[name] * config.hidden_size <= mostElements,
      name,
      `at most ${Math.floor(mostElements / config.hidden_size)} rows of ${config.hidden_size}`,
    );
  }
  return config;
}

function norm(g: Graph, name: string, x: Tensor, { hidden_size, layer_norm_eps }: BertConfig, residual?: Tensor): Tensor {
  return g.scope(name, () =>
    layerNorm(
      g,
      x,
      g.weight(`${g.path}.weight`, [hidden_size], { mean: 1 }),
      g.weight(`${g.path}.bias`, [hidden_size]),
      layer_norm_eps,
      residual,
    ),
  );
}

/** A dense layer: with its activation fused where no method changes it. */
function dense(
  g: Graph,
  name: string,
  x: Tensor,
  out_features: number,
  { linear: hook }: Adaptation,
  activation: Activation = 'none',
): Tensor {
  return g.scope(name, () => {
    const in_features = x.shape.at(-1) as number;
    const site: LinearSite = { path: g.path, in_features, out_features };
    const w = g.weight(`${g.path}.weight`, [out_features, in_features]);
    const bias = g.weight(`${g.path}.bias`, [out_features]);
    const adapting = hook?.adapts(site) ? hook : undefined;
    const entering = adapting?.before?.(g, site, x) ?? x;
    if (activation !== 'relu' && !adapting?.after) return linear(g, entering, w, { bias, activation });
    const y = linear(g, entering, w, { bias });
    return applyActivation(g, adapting?.after?.(g, site, entering, y) ?? y, activation);
  });
}

/** Widths a `factor`th, heads kept. */
function narrowedConfig(config: BertConfig, factor: number): BertConfig {
  const { hidden_size, intermediate_size, num_attention_heads } = config;
  if (hidden_size % (4 * factor * num_attention_heads) !== 0 || intermediate_size % (4 * factor) !== 0) {
    throw new RetraceError({
      code: 'reduction-factor',
      message: `A side network ${factor} times narrower than ${hidden_size} with ${num_attention_heads} heads has a head size of ${hidden_size / factor / num_attention_heads}, which is no multiple of 4.`,
      where: 'reduction_factor',
      remedy: `Use a factor that divides ${hidden_size / 4 / num_attention_heads}.`,
    });
  }
  return { ...config, hidden_size: hidden_size / factor, intermediate_size: intermediate_size / factor };
}

const bertNames: CheckpointNames = {
  prefixes: ['bert.', 'model.', ''],
  anchor: 'embeddings.position_embeddings.weight',
  // TensorFlow's names for a LayerNorm, which bert-base-uncased on the hub still has.
  aliases: (name) => [name.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta')],
  tied: { 'embeddings.word_embeddings.weight': 'cls.predictions.decoder.weight' },
  classifier: ['classifier.weight', 'classifier.bias'],
};

export function bert(config: BertConfig): Backbone {
  const { hidden_size: C, intermediate_size: I, num_attention_heads, hidden_dropout_prob, attention_probs_dropout_prob } = config;

  function attentionBlock(g: Graph, x: Tensor, lengths: Tensor, adaptation: Adaptation): Tensor {
    return g.scope('attention', () => {
      const context = g.scope('self', () => {
        const q = dense(g, 'query', x, C, adaptation);
        const own = [dense(g, 'key', x, C, adaptation), dense(g, 'value', x, C, adaptation)] as const;
        const [k, v] = adaptation.keysAndValues?.(g, ...own) ?? own;
        const { out, lse } = attentionWithLse(g, q, k, v, lengths, { num_attention_heads, dropout: attention_probs_dropout_prob });
        adaptation.attended?.({ q, k, lse, lengths });
        return out;
      });
      return g.scope('output', () => {
        const projected = dropout(g, dense(g, 'dense', context, C, adaptation), hidden_dropout_prob, 'dropout');
        return norm(g, 'LayerNorm', adaptation.attentionOutput?.(g, projected) ?? projected, config, x);
      });
    });
  }

  function mlpBlock(g: Graph, a: Tensor, lengths: Tensor, adaptation: Adaptation): Tensor {
    const inner = g.scope('intermediate', () => dense(g, 'dense', a, I, adaptation, config.hidden_act));
    const outer = g.scope('output', () => dropout(g, dense(g, 'dense', inner, C, adaptation), hidden_dropout_prob, 'dropout'));
    const adapted = adaptation.ffn?.(g, a, outer, lengths) ?? outer;
    return g.scope('output', () => norm(g, 'LayerNorm', adapted, config, a));
  }

  return {
    config,
    names: bertNames,
    embeddings(g, B, T, before = { first_position: 0 }) {
      const h = embedding(g, B, T, {
        ...before,
        word: g.parameter(`${g.path}.word_embeddings.weight`, [config.vocab_size, C]),
        position: g.weight(`${g.path}.position_embeddings.weight`, [config.max_position_embeddings, C]),
        token_type: g.weight(`${g.path}.token_type_embeddings.weight`, [config.type_vocab_size, C]),
      });
      return dropout(g, norm(g, 'LayerNorm', h, config), hidden_dropout_prob, 'dropout');
    },
    layers: (lengths, adaptation) =>
      Array.from({ length: config.num_hidden_layers }, (_, i): LayerBlocks => {
        const attend = (g: Graph, x: Tensor) => attentionBlock(g, x, lengths, adaptation);
        const mlp = (g: Graph, a: Tensor) => mlpBlock(g, a, lengths, adaptation);
        return { name: `encoder.layer.${i}`, index: i, lengths, layer: { mixing: attend, rows: mlp }, attention: attend, mlp };
      }),
    narrowed: (factor) => bert(narrowedConfig(config, factor)),
    pooler: (g, pooled, adaptation) => g.scope('pooler', () => dense(g, 'dense', pooled, C, adaptation, 'tanh')),
  };
}
