// Published configurations that are planned by name: the fields of each model's config.json on the hub that decide shapes and dropout; what is left out is
// Transformers' default. Not a folder: no weights stand behind them.

import type { Backbone } from '../src/models/model.ts';
import { backboneOf } from '../src/models/registry.ts';

const roberta = { model_type: 'roberta', vocab_size: 50265, max_position_embeddings: 514, type_vocab_size: 1, layer_norm_eps: 1e-5 };

const opt = { model_type: 'opt', vocab_size: 50272, max_position_embeddings: 2048, dropout: 0.1, attention_dropout: 0 };

/** By the name that people know. */
const configurations = {
  'RoBERTa-base': { ...roberta, num_hidden_layers: 12, hidden_size: 768, num_attention_heads: 12, intermediate_size: 3072 },
  'RoBERTa-large': { ...roberta, num_hidden_layers: 24, hidden_size: 1024, num_attention_heads: 16, intermediate_size: 4096 },
  'GPT-2': { model_type: 'gpt2', n_layer: 12, n_embd: 768, n_head: 12, vocab_size: 50257, n_positions: 1024 },
  'OPT-125m': { ...opt, num_hidden_layers: 12, hidden_size: 768, num_attention_heads: 12, ffn_dim: 3072 },
  'OPT-350m': {
    ...{ ...opt, num_hidden_layers: 24, hidden_size: 1024, num_attention_heads: 16, ffn_dim: 4096 },
    ...{ word_embed_proj_dim: 512, do_layer_norm_before: false },
  },
  'BART-base': {
    ...{ model_type: 'bart', d_model: 768, encoder_layers: 6, decoder_layers: 6, encoder_attention_heads: 12, decoder_attention_heads: 12 },
    ...{ encoder_ffn_dim: 3072, decoder_ffn_dim: 3072, vocab_size: 50265, max_position_embeddings: 1024, classifier_dropout: 0.1 },
    ...{ dropout: 0.1, attention_dropout: 0.1, activation_dropout: 0.1 },
  },
  'OPT-1.3B': { ...opt, num_hidden_layers: 24, hidden_size: 2048, num_attention_heads: 32, ffn_dim: 8192 },
} as const;

const deit = { num_hidden_layers: 12, hidden_size: 384, num_attention_heads: 6, intermediate_size: 1536, image_size: 224, patch_size: 16 };

/** Those that look at pictures: ViT-B/16 with 197 tokens each, DeiT-S without its distillation token, as it is published, and with it. */
export const pictureBackbones: Readonly<Record<string, Backbone>> = {
  'ViT-B/16': backboneOf({ model_type: 'vit' }, 'ViT-B/16'),
  'DeiT-S/16': backboneOf({ model_type: 'vit', ...deit }, 'DeiT-S/16'),
  'DeiT-S/16 distilled': backboneOf({ model_type: 'deit', ...deit }, 'DeiT-S/16 distilled'),
};

export type BackboneName = keyof typeof configurations;
export const backboneNames = Object.keys(configurations) as readonly BackboneName[];

export const backboneNamed = (name: BackboneName): Backbone => backboneOf(configurations[name], name);

/** Planned as a model that writes alone: half of GPT-2's layers. */
export const distilGpt2: Backbone = backboneOf({ ...configurations['GPT-2'], n_layer: 6 }, 'DistilGPT-2');
