// BART (Lewis et al. 2020) as in Transformers: an encoder, and a decoder whose layers also look at the encoder's last hidden states; post-norm, one table of
// words for both. A text is classified by the decoder, which reads the same text one token later; the class is read off its last token. Forward code only.

import { dropout, scaleAdd } from '../graph/ops/elementwise.ts';
import { embedding } from '../graph/ops/embedding.ts';
import { ConfigReader, readSizes } from './config.ts';
import { linearHead, twoLayerHead } from './heads.ts';
import { type LayerKind, narrowedConfig, transformerLayers } from './layer.ts';
import type { Backbone, BackboneConfig, Stack } from './model.ts';
import { norm } from './sites.ts';

/** What the encoder's layers have, and the decoder's. */
interface Side {
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
}

export interface BartConfig extends BackboneConfig {
  readonly encoder: Side;
  readonly decoder: Side;
  /** Words are multiplied by the root of the width before positions are added. */
  readonly scale_embedding: boolean;
  /** Dropout between the feed-forward pair's two layers. */
  readonly activation_dropout: number;
  readonly classifier_dropout: number;
  readonly decoder_start_token_id: number;
}

/** Rows of the position tables that no token has. */
const position_offset = 2;

/** `config.json` of a BART, with Transformers' defaults. `dropout` replaces all dropout probabilities. */
export function readBartConfig(json: unknown, place: string, dropout?: number): BartConfig {
  const read = new ConfigReader(json, place);
  const sizesOf = (side: 'encoder' | 'decoder') =>
    readSizes(read, {
      hidden_size: ['d_model', 1024],
      num_hidden_layers: [`${side}_layers`, 12],
      num_attention_heads: [`${side}_attention_heads`, 16],
      intermediate_size: [`${side}_ffn_dim`, 4096],
      vocab_size: ['vocab_size', 50265],
      max_position_embeddings: ['max_position_embeddings', 1024],
    });
  const [encoder, decoder] = [sizesOf('encoder'), sizesOf('decoder')];
  for (const key of ['encoder_layerdrop', 'decoder_layerdrop']) read.withoutLayerdrop(key);
  read.fixed('tie_word_embeddings', true, 'true');
  return {
    model_type: 'bart',
    ...encoder,
    num_hidden_layers: encoder.num_hidden_layers + decoder.num_hidden_layers,
    ...{ encoder, decoder },
    type_vocab_size: 0,
    initializer_range: read.number('init_std', 0.02, 0, 10),
    layer_norm_eps: 1e-5,
    hidden_act: read.activation('activation_function', 'gelu'),
    hidden_dropout_prob: dropout ?? read.probability('dropout', 0.1),
    attention_probs_dropout_prob: dropout ?? read.probability('attention_dropout', 0),
    activation_dropout: dropout ?? read.probability('activation_dropout', 0),
    classifier_dropout: dropout ?? read.probability('classifier_dropout', 0),
    scale_embedding: read.flag('scale_embedding', false),
    decoder_start_token_id: read.id('decoder_start_token_id', 2, encoder.vocab_size),
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

/** The decoder's attention to the encoder's result. */
const crossNames: NonNullable<LayerKind['cross']> = {
  projections: { query: 'encoder_attn.q_proj', key: 'encoder_attn.k_proj', value: 'encoder_attn.v_proj' },
  output: 'encoder_attn.out_proj',
  norm: 'encoder_attn_layer_norm',
};

function side(config: BartConfig, of: 'encoder' | 'decoder'): Stack {
  const { hidden_size: C, hidden_dropout_prob: p, layer_norm_eps: eps, hidden_act: activation } = config;
  const { num_hidden_layers, num_attention_heads, intermediate_size } = config[of];
  const input_prefix = of === 'decoder' ? 'decoder_' : '';
  const kind: LayerKind = {
    ...{ norms: 'after', eps, names },
    ...(of === 'decoder' ? { cross: crossNames } : {}),
    attention: {
      num_attention_heads,
      causal: of === 'decoder',
      dropout: { probabilities: config.attention_probs_dropout_prob, output: p },
    },
    feedForward: { intermediate_size, activation, dropout: { inner: config.activation_dropout, output: p } },
  };
  return {
    input_prefix,
    ...(of === 'decoder' ? { reads: 0 } : {}),
    num_hidden_layers,
    embed(g, B, T, before) {
      const h = embedding(g, B, T, {
        ...before,
        input_prefix,
        word: g.parameter('shared.weight', [config.vocab_size, C]),
        ...(config.scale_embedding ? { project: (words) => scaleAdd(g, words, Math.sqrt(C)) } : {}), // [B, T, C]
        position: g.parameter(`${of}.embed_positions.weight`, [position_offset + config.max_position_embeddings, C]),
        position_offset,
      }); // [B, T, C]
      const normed = norm(g, `${of}.layernorm_embedding`, h, eps);
      return g.scope(of, () => dropout(g, normed, p, 'dropout'));
    },
    layers: (tokens, adaptation, given_lengths) =>
      transformerLayers(`${of}.layers`, num_hidden_layers, kind, tokens, adaptation, given_lengths),
    finish: (_, h) => h,
  };
}

export function bart(config: BartConfig): Backbone {
  const { classifier_dropout: p } = config;
  return {
    config,
    names: {
      prefixes: ['model.', ''],
      anchor: 'encoder.embed_positions.weight',
      aliases: (name) => (name === 'shared.weight' ? ['encoder.embed_tokens.weight', 'decoder.embed_tokens.weight'] : []),
      beside: ['final_logits_bias'],
      tied: { 'shared.weight': 'lm_head.weight' },
    },
    defaults: {
      lora: { target_modules: ['q_proj', 'v_proj'] },
      ia3: { target_modules: ['q_proj', 'v_proj', 'fc2'], feedforward_modules: ['fc2'] },
      // Norms hold the streams: 9 is the largest number of a small one that was measured.
      streams: { final_combination: 'mean', fraction_bits: 20 },
    },
    stacks: [side(config, 'encoder'), side(config, 'decoder')],
    poolings: {
      last: {
        architecture: 'BartForSequenceClassification',
        head: twoLayerHead(
          { name: 'classification_head.dense', dropout: p },
          'tanh',
          { name: 'classification_head.out_proj', dropout: p },
          config,
        ),
      },
      mean: { head: linearHead({ name: 'classifier', dropout: p }, config) },
    },
    // The bias is a buffer of Transformers' model: no one trains it, and models that were saved without their head lack it.
    vocabulary: {
      table: 'shared.weight',
      architecture: 'BartForConditionalGeneration',
      bias: (g) =>
        g.weight('final_logits_bias', [config.vocab_size], {
          buffer: 'zeros',
          stored: { layout: 'shaped', shape: [1, config.vocab_size] },
        }),
    },
    narrowed(factor) {
      const sides = {
        encoder: narrowedConfig({ ...config, ...config.encoder }, factor),
        decoder: narrowedConfig({ ...config, ...config.decoder }, factor),
      };
      return bart({ ...narrowedConfig(config, factor), ...sides });
    },
  };
}
