// RoBERTa (Liu et al. 2019) as in Transformers: BERT's encoder whose positions begin behind the padding's, one token type, and a classifier of two
// layers on the first token in place of a pooler. Forward code only.

import { bertDefaults, bertEncoder, legacyNorms } from './bert.ts';
import { ConfigReader, readEncoderConfig } from './config.ts';
import { linearHead, twoLayerHead } from './heads.ts';
import { narrowedConfig } from './layer.ts';
import type { Backbone, BackboneConfig } from './model.ts';

export interface RobertaConfig extends BackboneConfig {
  readonly classifier_dropout: number;
  /** Rows of the position table that no token has: those up to pad_token_id. */
  readonly position_offset: number;
}

/** `config.json` of a RoBERTa, with Transformers' defaults. `dropout` replaces all dropout probabilities. */
export function readRobertaConfig(json: unknown, place: string, dropout?: number): RobertaConfig {
  const read = new ConfigReader(json, place);
  const config = readEncoderConfig(read, { model_type: 'roberta', vocab_size: 50265, type_vocab_size: 2, layer_norm_eps: 1e-12, dropout });
  const position_offset = read.id('pad_token_id', 1, config.vocab_size) + 1;
  read.requires(config.max_position_embeddings > position_offset, 'max_position_embeddings', `more than ${position_offset}`);
  return {
    ...config,
    position_offset,
    max_position_embeddings: config.max_position_embeddings - position_offset,
    classifier_dropout: dropout ?? read.probability('classifier_dropout', config.hidden_dropout_prob),
  };
}

export function roberta(config: RobertaConfig): Backbone {
  const { classifier_dropout: p, hidden_dropout_prob } = config;
  const head = (inner: number, outer: number) =>
    twoLayerHead({ name: 'classifier.dense', dropout: inner }, 'tanh', { name: 'classifier.out_proj', dropout: outer }, config);
  return {
    config,
    names: {
      prefixes: ['roberta.', 'model.', ''],
      anchor: 'embeddings.position_embeddings.weight',
      aliases: legacyNorms,
      tied: { 'embeddings.word_embeddings.weight': 'lm_head.decoder.weight' },
    },
    defaults: bertDefaults,
    stacks: [bertEncoder(config, config.position_offset)],
    poolings: {
      cls: {
        architecture: 'RobertaForSequenceClassification',
        head: head(p, p),
        choices: {
          architecture: 'RobertaForMultipleChoice',
          head: head(0, hidden_dropout_prob),
          layers: { 'classifier.dense': 'roberta.pooler.dense', 'classifier.out_proj': 'classifier' },
        },
      },
      mean: { head: linearHead({ name: 'classifier', dropout: p }, config) },
    },
    narrowed: (factor) => roberta(narrowedConfig(config, factor)),
  };
}
