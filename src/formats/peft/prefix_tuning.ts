// PREFIX_TUNING: keys and values of all layers in one flat tensor [P, layers · 2 · C]; layer i has the columns from 2i·C for its keys and
// from (2i + 1)·C for its values, heads one after the other as in a projection's rows.

import { countOf, layerOf, lowestLayer, type PeftType, refusePeft } from './peft_type.ts';

/** Of the architectures that are there, those of Transformers without `past_key_values`. */
const withoutPast: readonly string[] = ['distilbert'];

const isKey = (name: string): boolean => name.endsWith('.prefix_key');

export const prefixTuning: PeftType = {
  peft_type: 'PREFIX_TUNING',
  method: 'prefix-tuning',
  needsTask: true,
  prefix: 'base_model.',
  known: ['prefix_projection', 'encoder_hidden_size', 'init_weights'],
  refuses(specs, { model_type, inputs }) {
    if (inputs === 'image') return 'PEFT has no virtual tokens for models of pictures.';
    if (lowestLayer(specs) > 0) return 'PEFT puts a prefix into every layer; here the bottom ones have none.';
    if (withoutPast.includes(model_type))
      return `PEFT gives a prefix as past keys and values, and Transformers’ model of type ${model_type} takes none.`;
    return undefined;
  },
  toPeft(_, specs, { num_attention_heads }) {
    const keys = specs.filter(({ name }) => isKey(name));
    const [P = 0, C = 0] = keys[0]?.shape ?? [];
    return {
      encoder_hidden_size: C,
      num_attention_heads,
      num_layers: keys.length,
      num_transformer_submodules: 1,
      num_virtual_tokens: P,
      prefix_projection: false,
      token_dim: C,
    };
  },
  fromPeft(given) {
    if (given.prefix_projection) refusePeft(given, 'prefix_projection', 'a prefix without a projection (false)');
    if ((given.num_transformer_submodules ?? 1) !== 1) refusePeft(given, 'num_transformer_submodules', '1');
    return { num_virtual_tokens: countOf(given, 'num_virtual_tokens') };
  },
  place({ name, shape: [P = 0, C = 0] }, specs) {
    const layers = specs.filter((spec) => isKey(spec.name)).length;
    return { name: 'prompt_embeddings', shape: [P, layers * 2 * C], column: (2 * layerOf(name) + (isKey(name) ? 0 : 1)) * C };
  },
};
