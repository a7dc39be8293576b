// GPT-2 (Radford et al. 2019) as in Transformers: pre-norm layers whose tokens see those before them alone, queries, keys and values from one matrix,
// every matrix stored [in, out] (Conv1D). A text's classes are read from its last token. Forward code only.

import { dropout } from '../graph/ops/elementwise.ts';
import { embedding } from '../graph/ops/embedding.ts';
import { ConfigReader, readSizes } from './config.ts';
import { linearHead, wordHead } from './heads.ts';
import { type LayerKind, narrowedConfig, transformerLayers } from './layer.ts';
import type { Backbone, BackboneConfig, Stack } from './model.ts';
import { norm } from './sites.ts';

export interface Gpt2Config extends BackboneConfig {
  /** Dropout on the embeddings. */
  readonly embd_pdrop: number;
  /** Whether words are written by the table that they are read by. */
  readonly tie_word_embeddings: boolean;
}

/** `config.json` of a GPT-2, with Transformers' defaults. `dropout` replaces all dropout probabilities. */
export function readGpt2Config(json: unknown, place: string, dropout?: number): Gpt2Config {
  const read = new ConfigReader(json, place);
  const width = read.integer('n_embd', 768, 2 ** 15);
  read.fixed('scale_attn_weights', true, 'true');
  read.fixed('scale_attn_by_inverse_layer_idx', false, 'false');
  read.fixed('add_cross_attention', false, 'false');
  return {
    model_type: 'gpt2',
    ...readSizes(read, {
      hidden_size: ['n_embd', 768],
      num_hidden_layers: ['n_layer', 12],
      num_attention_heads: ['n_head', 12],
      intermediate_size: ['n_inner', 4 * width],
      vocab_size: ['vocab_size', 50257],
      max_position_embeddings: ['n_positions', 1024],
    }),
    type_vocab_size: 0,
    initializer_range: read.number('initializer_range', 0.02, 0, 10),
    layer_norm_eps: read.number('layer_norm_epsilon', 1e-5, 1e-30, 1),
    hidden_act: read.activation('activation_function', 'gelu_new'),
    hidden_dropout_prob: dropout ?? read.probability('resid_pdrop', 0.1),
    attention_probs_dropout_prob: dropout ?? read.probability('attn_pdrop', 0.1),
    embd_pdrop: dropout ?? read.probability('embd_pdrop', 0.1),
    tie_word_embeddings: read.flag('tie_word_embeddings', true),
  };
}

const names: LayerKind['names'] = {
  projections: { joined: 'attn.c_attn' },
  output: 'attn.c_proj',
  attention_norm: 'ln_1',
  inner: 'mlp.c_fc',
  outer: 'mlp.c_proj',
  output_norm: 'ln_2',
};

function decoder(config: Gpt2Config): Stack {
  const { hidden_size: C, hidden_dropout_prob: p, num_hidden_layers, num_attention_heads, layer_norm_eps: eps } = config;
  const layout = 'transposed';
  const kind: LayerKind = {
    ...{ norms: 'before', eps, names },
    attention: { num_attention_heads, causal: true, dropout: { probabilities: config.attention_probs_dropout_prob, output: p }, layout },
    feedForward: { intermediate_size: config.intermediate_size, activation: config.hidden_act, dropout: { inner: 0, output: p }, layout },
  };
  return {
    input_prefix: '',
    num_hidden_layers,
    embed(g, B, T, before) {
      const h = embedding(g, B, T, {
        ...before,
        word: g.parameter('wte.weight', [config.vocab_size, C]),
        position: g.parameter('wpe.weight', [config.max_position_embeddings, C]),
      }); // [B, T, C]
      return g.scope('embeddings', () => dropout(g, h, config.embd_pdrop, 'dropout'));
    },
    layers: (tokens, adaptation) => transformerLayers('h', num_hidden_layers, kind, tokens, adaptation),
    finish: (g, h) => norm(g, 'ln_f', h, eps),
  };
}

export function gpt2(config: Gpt2Config): Backbone {
  const words = wordHead(config, 'wte.weight', 'GPT2LMHeadModel');
  return {
    config,
    names: {
      prefixes: ['transformer.', ''],
      anchor: 'wpe.weight',
      aliases: () => [],
      ...words.names,
    },
    defaults: {
      lora: { target_modules: ['c_attn'] },
      ia3: { target_modules: ['c_attn', 'mlp.c_proj'], feedforward_modules: ['mlp.c_proj'] },
      // Streams that no norm holds: 72 in a small one that was measured, and trained ones carry single channels in the thousands. 16 bits hold ±32,768.
      streams: { final_combination: 'weighted', fraction_bits: 16 },
    },
    stacks: [decoder(config)],
    poolings: {
      last: { architecture: 'GPT2ForSequenceClassification', head: linearHead({ name: 'score', dropout: 0, bias: false }, config) },
      mean: { head: linearHead({ name: 'classifier', dropout: 0 }, config) },
    },
    vocabulary: words.vocabulary,
    narrowed: (factor) => gpt2(narrowedConfig(config, factor)),
  };
}
