// PROMPT_TUNING: virtual tokens [P, C] before the sequence.

import { countOf, type PeftType, refusePeft } from './peft_type.ts';

export const promptTuning: PeftType = {
  peft_type: 'PROMPT_TUNING',
  method: 'prompt-tuning',
  needsTask: true,
  prefix: 'base_model.',
  // How the tokens started, which is over once they are trained.
  refuses: (_, { inputs }) => (inputs === 'image' ? 'PEFT has no virtual tokens for models of pictures.' : undefined),
  known: ['prompt_tuning_init', 'prompt_tuning_init_text', 'tokenizer_name_or_path', 'tokenizer_kwargs'],
  toPeft(_, specs, { num_attention_heads, num_hidden_layers }) {
    const [P = 0, C = 0] = specs.find(({ name }) => name.startsWith('embeddings.'))?.shape ?? [];
    return {
      num_attention_heads,
      num_layers: num_hidden_layers,
      num_transformer_submodules: 1,
      num_virtual_tokens: P,
      prompt_tuning_init: 'RANDOM',
      prompt_tuning_init_text: null,
      token_dim: C,
      tokenizer_name_or_path: null,
    };
  },
  fromPeft(given) {
    if ((given.num_transformer_submodules ?? 1) !== 1) refusePeft(given, 'num_transformer_submodules', '1');
    return { num_virtual_tokens: countOf(given, 'num_virtual_tokens') };
  },
  place: ({ shape }) => ({ name: 'prompt_embeddings', shape }),
};
