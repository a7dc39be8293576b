// BERT (Devlin et al. 2019) as in Transformers: post-norm layers, learned positions, token types, tanh pooler on the first token. Forward code only.

import { dropout } from '../graph/ops/elementwise.ts';
import { embedding } from '../graph/ops/embedding.ts';
import { ConfigReader, readEncoderConfig } from './config.ts';
import { linearHead } from './heads.ts';
import { type LayerKind, narrowedConfig, transformerLayers } from './layer.ts';
import type { Backbone, BackboneConfig, BackboneDefaults, CheckpointNames, Stack } from './model.ts';
import { dense, norm } from './sites.ts';

export interface BertConfig extends BackboneConfig {
  /** Dropout before the classifier. */
  readonly classifier_dropout: number;
}

/** `config.json` of a BERT, with Transformers' defaults. `dropout` replaces all dropout probabilities. */
export function readBertConfig(json: unknown, place: string, dropout?: number): BertConfig {
  const read = new ConfigReader(json, place);
  const config = readEncoderConfig(read, { model_type: 'bert', vocab_size: 30522, type_vocab_size: 2, layer_norm_eps: 1e-12, dropout });
  return { ...config, classifier_dropout: dropout ?? read.probability('classifier_dropout', config.hidden_dropout_prob) };
}

/** Names of a BERT-like layer, from the layer. */
const layerNames: LayerKind['names'] = {
  projections: { query: 'attention.self.query', key: 'attention.self.key', value: 'attention.self.value' },
  output: 'attention.output.dense',
  attention_norm: 'attention.output.LayerNorm',
  inner: 'intermediate.dense',
  outer: 'output.dense',
  output_norm: 'output.LayerNorm',
};

/** The encoder that BERT and RoBERTa share. `position_offset`: rows of the position table that no token has. */
export function bertEncoder(config: BackboneConfig, position_offset = 0): Stack {
  const { hidden_size: C, hidden_dropout_prob: p, num_hidden_layers, num_attention_heads, layer_norm_eps: eps } = config;
  const kind: LayerKind = {
    ...{ norms: 'after', eps, names: layerNames },
    attention: { num_attention_heads, causal: false, dropout: { probabilities: config.attention_probs_dropout_prob, output: p } },
    feedForward: { intermediate_size: config.intermediate_size, activation: config.hidden_act, dropout: { inner: 0, output: p } },
  };
  return {
    input_prefix: '',
    num_hidden_layers,
    embed: (g, B, T, before) =>
      g.scope('embeddings', () => {
        const h = embedding(g, B, T, {
          ...before,
          word: g.parameter(`${g.path}.word_embeddings.weight`, [config.vocab_size, C]),
          position_offset,
          position: g.parameter(`${g.path}.position_embeddings.weight`, [position_offset + config.max_position_embeddings, C]),
          token_type: g.parameter(`${g.path}.token_type_embeddings.weight`, [config.type_vocab_size, C]),
        }); // [B, T, C]
        return dropout(g, norm(g, 'LayerNorm', h, eps), p, 'dropout');
      }),
    layers: (tokens, adaptation) => transformerLayers('encoder.layer', num_hidden_layers, kind, tokens, adaptation),
    finish: (_, h) => h,
  };
}

export const bertDefaults: BackboneDefaults = {
  lora: { target_modules: ['query', 'value'] },
  ia3: { target_modules: ['key', 'value', 'output.dense'], feedforward_modules: ['output.dense'] },
  streams: { final_combination: 'mean', fraction_bits: 20 },
};

/** TensorFlow's names for a LayerNorm, which bert-base-uncased on the hub still has. */
export const legacyNorms: CheckpointNames['aliases'] = (name) => [
  name.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta'),
];

export function bert(config: BertConfig): Backbone {
  const head = linearHead({ name: 'classifier', dropout: config.classifier_dropout }, config);
  return {
    config,
    names: {
      prefixes: ['bert.', 'model.', ''],
      anchor: 'embeddings.position_embeddings.weight',
      aliases: legacyNorms,
      tied: { 'embeddings.word_embeddings.weight': 'cls.predictions.decoder.weight' },
    },
    defaults: bertDefaults,
    stacks: [bertEncoder(config)],
    poolings: {
      cls: {
        transform: (g, pooled, adaptation) =>
          g.scope('pooler', () => dense(g, 'dense', pooled, config.hidden_size, adaptation, { activation: 'tanh' })), // [B, C]
        needs: 'pooler.dense.weight',
        architecture: 'BertForSequenceClassification',
        choices: { architecture: 'BertForMultipleChoice' },
        head,
      },
      mean: { head },
    },
    narrowed: (factor) => bert(narrowedConfig(config, factor)),
  };
}
