// DistilBERT (Sanh et al. 2019) as in Transformers: BERT's layers under other names, without token types and without a pooler. Forward code only.

import { dropout } from '../graph/ops/elementwise.ts';
import { embedding } from '../graph/ops/embedding.ts';
import { ConfigReader, readSizes } from './config.ts';
import { linearHead, twoLayerHead } from './heads.ts';
import { type LayerKind, narrowedConfig, transformerLayers } from './layer.ts';
import type { Backbone, BackboneConfig, Stack } from './model.ts';
import { norm } from './sites.ts';

export interface DistilBertConfig extends BackboneConfig {
  /** Dropout before the classifier. */
  readonly seq_classif_dropout: number;
}

/** `config.json` of a DistilBERT, with Transformers' defaults. `dropout` replaces all dropout probabilities. */
export function readDistilBertConfig(json: unknown, place: string, dropout?: number): DistilBertConfig {
  const read = new ConfigReader(json, place);
  return {
    model_type: 'distilbert',
    ...readSizes(read, {
      hidden_size: ['dim', 768],
      num_hidden_layers: ['n_layers', 6],
      num_attention_heads: ['n_heads', 12],
      intermediate_size: ['hidden_dim', 3072],
      vocab_size: ['vocab_size', 30522],
      max_position_embeddings: ['max_position_embeddings', 512],
    }),
    type_vocab_size: 0,
    initializer_range: read.number('initializer_range', 0.02, 0, 10),
    layer_norm_eps: 1e-12,
    hidden_act: read.activation('activation', 'gelu'),
    hidden_dropout_prob: dropout ?? read.probability('dropout', 0.1),
    attention_probs_dropout_prob: dropout ?? read.probability('attention_dropout', 0.1),
    seq_classif_dropout: dropout ?? read.probability('seq_classif_dropout', 0.2),
  };
}

const names: LayerKind['names'] = {
  projections: { query: 'attention.q_lin', key: 'attention.k_lin', value: 'attention.v_lin' },
  output: 'attention.out_lin',
  attention_norm: 'sa_layer_norm',
  inner: 'ffn.lin1',
  outer: 'ffn.lin2',
  output_norm: 'output_layer_norm',
};

function encoder(config: DistilBertConfig): Stack {
  const { hidden_size: C, hidden_dropout_prob: p, num_hidden_layers, num_attention_heads, layer_norm_eps: eps } = config;
  const kind: LayerKind = {
    ...{ norms: 'after', eps, names },
    attention: { num_attention_heads, causal: false, dropout: { probabilities: config.attention_probs_dropout_prob, output: 0 } },
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
          position: g.parameter(`${g.path}.position_embeddings.weight`, [config.max_position_embeddings, C]),
        }); // [B, T, C]
        return dropout(g, norm(g, 'LayerNorm', h, eps), p, 'dropout');
      }),
    layers: (tokens, adaptation) => transformerLayers('transformer.layer', num_hidden_layers, kind, tokens, adaptation),
    finish: (_, h) => h,
  };
}

export function distilbert(config: DistilBertConfig): Backbone {
  const p = config.seq_classif_dropout;
  return {
    config,
    names: {
      prefixes: ['distilbert.', 'model.', ''],
      anchor: 'embeddings.position_embeddings.weight',
      aliases: () => [],
      tied: { 'embeddings.word_embeddings.weight': 'vocab_projector.weight' },
    },
    defaults: {
      lora: { target_modules: ['q_lin', 'v_lin'] },
      // PEFT has no row for DistilBERT: the places of BERT's.
      ia3: { target_modules: ['k_lin', 'v_lin', 'out_lin', 'lin2'], feedforward_modules: ['out_lin', 'lin2'] },
      streams: { final_combination: 'mean', fraction_bits: 20 },
    },
    stacks: [encoder(config)],
    poolings: {
      cls: {
        architecture: 'DistilBertForSequenceClassification',
        choices: { architecture: 'DistilBertForMultipleChoice' },
        head: twoLayerHead({ name: 'pre_classifier', dropout: 0 }, 'relu', { name: 'classifier', dropout: p }, config),
      },
      mean: { head: linearHead({ name: 'classifier', dropout: p }, config) },
    },
    narrowed: (factor) => distilbert(narrowedConfig(config, factor)),
  };
}
