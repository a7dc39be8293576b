// Architectures by their published configurations: as many parameters as the models of these names have, and what is refused by its key. What they compute
// is judged by PyTorch (test/models.test.ts).

import { expect, test } from 'vitest';
import { sizeOf } from '../graph/tensor.ts';
import { requireFits } from '../methods/method.ts';
import { methodNamed } from '../methods/registry.ts';
import { backboneParameters } from '../session/models/required_weights.ts';
import { ownPooling } from './model.ts';
import { backboneOf, recognised } from './registry.ts';

const opt350m = {
  ...{ model_type: 'opt', hidden_size: 1024, num_hidden_layers: 24, num_attention_heads: 16, ffn_dim: 4096 },
  ...{ word_embed_proj_dim: 512, do_layer_norm_before: false },
};

const bartBase = {
  ...{ d_model: 768, encoder_layers: 6, decoder_layers: 6, encoder_attention_heads: 12, decoder_attention_heads: 12 },
  ...{ encoder_ffn_dim: 3072, decoder_ffn_dim: 3072 },
};

function parametersOf(config: object): number {
  const backbone = backboneOf(config, 'config.json');
  const pooling = ownPooling(backbone);
  const parameters = backboneParameters({ name: 'a', backbone: () => backbone, pooling, storedType: () => 'f32' }, pooling);
  return parameters.filter(({ owner }) => owner === 'backbone').reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

test.each([
  ['bert-base-uncased', { model_type: 'bert' }, 109_482_240],
  ['roberta-base, which has no pooler', { model_type: 'roberta', type_vocab_size: 1, max_position_embeddings: 514 }, 124_055_040],
  ['distilbert-base-uncased', { model_type: 'distilbert' }, 66_362_880],
  ['gpt2', { model_type: 'gpt2' }, 124_439_808],
  ['opt-125m', { model_type: 'opt' }, 125_239_296],
  ['opt-350m', opt350m, 331_196_416],
  ['bart-base', { model_type: 'bart', ...bartBase }, 139_420_416],
  ['bart-large', { model_type: 'bart' }, 406_291_456],
])('%s has as many parameters as it is known for', (_, config, count) => {
  expect(parametersOf(config)).toBe(count);
});

test.each([
  [{ model_type: 'roberta', max_position_embeddings: 2 }, 'max_position_embeddings'],
  [{ model_type: 'roberta', pad_token_id: -1 }, 'pad_token_id'],
  [{ model_type: 'distilbert', dim: 766 }, 'dim'],
  [{ model_type: 'distilbert', n_layers: 1e9 }, 'n_layers'],
  [{ model_type: 'distilbert', activation: 'quick_gelu' }, 'activation'],
  [{ model_type: 'gpt2', n_embd: 100 }, 'n_embd'],
  [{ model_type: 'gpt2', n_inner: 6 }, 'n_inner'],
  [{ model_type: 'gpt2', scale_attn_by_inverse_layer_idx: true }, 'scale_attn_by_inverse_layer_idx'],
  [{ model_type: 'opt', enable_bias: false }, 'enable_bias'],
  [{ model_type: 'opt', do_layer_norm_before: 'yes' }, 'do_layer_norm_before'],
  [{ model_type: 'opt', word_embed_proj_dim: 510 }, 'word_embed_proj_dim'],
  [{ model_type: 'opt', layerdrop: 0.1 }, 'layerdrop'],
  [{ model_type: 'bart', decoder_ffn_dim: 6 }, 'decoder_ffn_dim'],
  [{ model_type: 'bart', decoder_layerdrop: 0.1 }, 'decoder_layerdrop'],
  [{ model_type: 'bart', decoder_start_token_id: 60_000 }, 'decoder_start_token_id'],
])('%o is refused by its key', (config, key) => {
  expect(() => backboneOf(config, 'folder/config.json')).toThrow(
    expect.objectContaining({ code: 'config', where: `folder/config.json: ${key}` }),
  );
});

test.each([
  ['bert', 'hidden_act', 'gelu_pytorch_tanh', 'gelu_new'],
  ['roberta', 'hidden_act', 'swish', 'silu'],
  ['distilbert', 'activation', 'gelu_new', 'gelu_new'],
  ['gpt2', 'activation_function', 'gelu_fast', 'gelu_new'],
  ['opt', 'activation_function', 'tanh', 'tanh'],
  ['bart', 'activation_function', 'gelu_python', 'gelu'],
] as const)('%s whose %s is %s', (model_type, key, name, hidden_act) => {
  expect(backboneOf({ model_type, [key]: name }, 'config.json').config.hidden_act).toBe(hidden_act);
});

test('a configuration without a model_type is known by its classes, or by its keys', () => {
  expect(recognised({ architectures: ['RobertaForMaskedLM'] })).toBe('roberta');
  expect(recognised({ architectures: ['DistilBertForSequenceClassification'] })).toBe('distilbert');
  expect(recognised({ architectures: ['OPTForCausalLM'] })).toBe('opt');
  expect(recognised({ n_embd: 768, n_layer: 12, n_head: 12, n_positions: 1024, vocab_size: 50257 })).toBe('gpt2');
  expect(recognised({ dim: 768, n_layers: 6, n_heads: 12, hidden_dim: 3072, vocab_size: 30522 })).toBe('distilbert');
  expect(recognised({ architectures: ['BartForConditionalGeneration'] })).toBe('bart');
  expect(recognised({ hidden_size: 768 })).toBeUndefined();
});

test.each([
  ['prompt-tuning', opt350m, /512 numbers and its layers 1024 wide/],
  ...['prompt-tuning', 'prefix-tuning', 'read', 'lst'].map((method) => [method, { model_type: 'bart' }, /encoder/] as const),
] as const)('%s is refused for %j, with the reason', (name, config, why) => {
  const method = methodNamed(name);
  expect(() => requireFits(method, backboneOf(config, 'config.json'))).toThrow(
    expect.objectContaining({ code: 'method-refused', message: expect.stringMatching(why) }),
  );
  expect(() => requireFits(method, backboneOf({ model_type: 'gpt2' }, 'config.json'))).not.toThrow();
});
