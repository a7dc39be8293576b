// OPT (Zhang et al. 2022) as in Transformers: tokens see those before them alone; relu; pre-norm layers, or post-norm with projections between the tables'
// width and the layers' (350m). A text's classes are read from its last token. Forward code only.

import { embedding } from '../graph/ops/embedding.ts';
import { ConfigReader, readSizes, requireTable } from './config.ts';
import { linearHead, wordHead } from './heads.ts';
import { type LayerKind, narrowedConfig, transformerLayers } from './layer.ts';
import { type Backbone, type BackboneConfig, noAdaptation, type Stack } from './model.ts';
import { dense, norm } from './sites.ts';

export interface OptConfig extends BackboneConfig {
  readonly do_layer_norm_before: boolean;
  /** Whether a norm stands behind the last pre-norm layer. */
  readonly has_final_layer_norm: boolean;
  /** Width of the table of words, and of what heads read. */
  readonly word_embed_proj_dim: number;
  /** Whether words are written by the table that they are read by. */
  readonly tie_word_embeddings: boolean;
}

/** Rows of the position table that no token has. */
const position_offset = 2;

/** `config.json` of an OPT, with Transformers' defaults. `dropout` replaces all dropout probabilities. */
export function readOptConfig(json: unknown, place: string, dropout?: number): OptConfig {
  const read = new ConfigReader(json, place);
  read.fixed('enable_bias', true, 'true');
  read.fixed('layer_norm_elementwise_affine', true, 'true');
  read.withoutLayerdrop('layerdrop');
  const sizes = readSizes(read, {
    hidden_size: ['hidden_size', 768],
    num_hidden_layers: ['num_hidden_layers', 12],
    num_attention_heads: ['num_attention_heads', 12],
    intermediate_size: ['ffn_dim', 3072],
    vocab_size: ['vocab_size', 50272],
    max_position_embeddings: ['max_position_embeddings', 2048],
  });
  const word_embed_proj_dim = read.integer('word_embed_proj_dim', sizes.hidden_size, 2 ** 15);
  read.requires(word_embed_proj_dim % 4 === 0, 'word_embed_proj_dim', 'a multiple of 4');
  requireTable(read, 'vocab_size', sizes.vocab_size, word_embed_proj_dim);
  const do_layer_norm_before = read.flag('do_layer_norm_before', true);
  return {
    model_type: 'opt',
    ...sizes,
    ...{ word_embed_proj_dim, do_layer_norm_before },
    has_final_layer_norm: do_layer_norm_before && !read.flag('_remove_final_layer_norm', false),
    type_vocab_size: 0,
    tie_word_embeddings: read.flag('tie_word_embeddings', true),
    initializer_range: read.number('init_std', 0.02, 0, 10),
    layer_norm_eps: 1e-5,
    hidden_act: read.activation('activation_function', 'relu'),
    hidden_dropout_prob: dropout ?? read.probability('dropout', 0.1),
    attention_probs_dropout_prob: dropout ?? read.probability('attention_dropout', 0),
  };
}

const names: LayerKind['names'] = {
  projections: { query: 'self_attn.q_proj', key: 'self_attn.k_proj', value: 'self_attn.v_proj' },
  output: 'self_attn.out_proj',
  attention_norm: 'self_attn_layer_norm',
  inner: 'fc1',
  outer: 'fc2',
  output_norm: 'final_layer_norm',
};

function decoder(config: OptConfig): Stack {
  const { hidden_size: C, word_embed_proj_dim: E, hidden_dropout_prob: p, num_hidden_layers, layer_norm_eps: eps } = config;
  const { num_attention_heads, intermediate_size, hidden_act: activation } = config;
  const kind: LayerKind = {
    ...{ norms: config.do_layer_norm_before ? 'before' : 'after', eps, names },
    attention: { num_attention_heads, causal: true, dropout: { probabilities: config.attention_probs_dropout_prob, output: p } },
    feedForward: { intermediate_size, activation, dropout: { inner: 0, output: p } },
  };
  return {
    input_prefix: '',
    num_hidden_layers,
    embed: (g, B, T, before) =>
      embedding(g, B, T, {
        ...before,
        word: g.parameter('decoder.embed_tokens.weight', [config.vocab_size, E]),
        // [B, T, E] -> [B, T, C]
        ...(E === C ? {} : { project: (h) => dense(g, 'decoder.project_in', h, C, noAdaptation, { bias: false }) }),
        position: g.parameter('decoder.embed_positions.weight', [position_offset + config.max_position_embeddings, C]),
        position_offset,
      }), // [B, T, C]
    layers: (tokens, adaptation) => transformerLayers('decoder.layers', num_hidden_layers, kind, tokens, adaptation),
    finish(g, h) {
      const normed = config.has_final_layer_norm ? norm(g, 'decoder.final_layer_norm', h, eps) : h;
      return E === C ? normed : dense(g, 'decoder.project_out', normed, E, noAdaptation, { bias: false }); // [B, T, E]
    },
    input_size: E,
    output_size: E,
  };
}

export function opt(config: OptConfig): Backbone {
  const { do_layer_norm_before } = config;
  const words = wordHead(config, 'decoder.embed_tokens.weight', 'OPTForCausalLM');
  return {
    config,
    names: {
      prefixes: ['model.', ''],
      anchor: 'decoder.embed_positions.weight',
      aliases: () => [],
      ...words.names,
    },
    defaults: {
      lora: { target_modules: ['q_proj', 'v_proj'] },
      ia3: { target_modules: ['q_proj', 'k_proj', 'fc2'], feedforward_modules: ['fc2'] },
      // Streams that no norm holds reach 109 in a small one that was measured: as for GPT-2.
      streams: do_layer_norm_before
        ? { final_combination: 'weighted', fraction_bits: 16 }
        : { final_combination: 'mean', fraction_bits: 20 },
    },
    stacks: [decoder(config)],
    poolings: {
      last: { architecture: 'OPTForSequenceClassification', head: linearHead({ name: 'score', dropout: 0, bias: false }, config) },
      mean: { head: linearHead({ name: 'classifier', dropout: 0 }, config) },
    },
    vocabulary: words.vocabulary,
    narrowed: (factor) => opt(narrowedConfig(config, factor)),
  };
}
