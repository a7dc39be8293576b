// For tests of the page: folders of small random models, with a tokenizer of a few words, for which a run takes seconds. Not here: models of the
// hub double (hub_models.ts).

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomModelFiles } from '../test/random_model.ts';

export const smallModels = ['bert', 'gpt2', 'bart'] as const;
export type SmallModel = (typeof smallModels)[number];

const special = ['<s>', '<pad>', '</s>', '<unk>'];
const shape = { num_hidden_layers: 2, hidden_size: 32, num_attention_heads: 2, intermediate_size: 64, max_position_embeddings: 64 };

/** A token a word; a text that is read whole begins and ends with one of its own. */
function tokenizerOf(words: readonly string[], ends: 'ends' | 'no ends') {
  const tokens = [...special, ...words];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.map((content, id) => ({
      ...{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
    })),
    normalizer: { type: 'Lowercase' },
    pre_tokenizer: { type: 'Whitespace' },
    post_processor:
      ends === 'ends'
        ? {
            type: 'TemplateProcessing',
            single: [
              { SpecialToken: { id: '<s>', type_id: 0 } },
              { Sequence: { id: 'A', type_id: 0 } },
              { SpecialToken: { id: '</s>', type_id: 0 } },
            ],
            pair: [
              { SpecialToken: { id: '<s>', type_id: 0 } },
              { Sequence: { id: 'A', type_id: 0 } },
              { SpecialToken: { id: '</s>', type_id: 0 } },
              { Sequence: { id: 'B', type_id: 0 } },
              { SpecialToken: { id: '</s>', type_id: 0 } },
            ],
            special_tokens: Object.fromEntries(['<s>', '</s>'].map((id) => [id, { id, ids: [special.indexOf(id)], tokens: [id] }])),
          }
        : null,
    decoder: null,
    model: { type: 'WordLevel', vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), unk_token: '<unk>' },
  };
}

/** Writes a model of this type that knows the words of a text into the folder. */
export async function writeSmallModel(folder: string, model_type: SmallModel, text: string): Promise<void> {
  const words = [...new Set(text.toLowerCase().match(/\w+|[^\w\s]+/g))];
  const vocab_size = Math.ceil((special.length + words.length) / 4) * 4;
  const ids = { bos_token_id: 0, pad_token_id: 1, eos_token_id: 2, ...(model_type === 'bart' ? { decoder_start_token_id: 2 } : {}) };
  const { files } = randomModelFiles({ ...shape, vocab_size }, { config: ids }, model_type);
  const names = { bos_token: '<s>', pad_token: '<pad>', eos_token: '</s>', unk_token: '<unk>' };
  const own = {
    'tokenizer.json': tokenizerOf(words, model_type === 'gpt2' ? 'no ends' : 'ends'),
    'tokenizer_config.json': { tokenizer_class: 'PreTrainedTokenizerFast', ...names },
  };
  await mkdir(folder, { recursive: true });
  for (const { path, blob } of files) await writeFile(join(folder, path), new Uint8Array(await blob.arrayBuffer()));
  for (const [path, content] of Object.entries(own)) await writeFile(join(folder, path), JSON.stringify(content));
}

/** Writes a model that looks at pictures of 12 × 12 in nine patches. */
export async function writeSmallVit(folder: string): Promise<void> {
  const { files } = randomModelFiles({ ...shape, vocab_size: 4 }, {}, 'vit');
  const processor = {
    ...{ image_processor_type: 'ViTImageProcessor', do_resize: true, size: { height: 12, width: 12 }, resample: 2 },
    ...{ do_rescale: true, rescale_factor: 1 / 255, do_normalize: true, image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] },
  };
  await mkdir(folder, { recursive: true });
  for (const { path, blob } of files) await writeFile(join(folder, path), new Uint8Array(await blob.arrayBuffer()));
  await writeFile(join(folder, 'preprocessor_config.json'), JSON.stringify(processor));
}
