// For tests: a random model that writes, with words of its own, few enough that a step takes moments.

import { readFileSync } from 'node:fs';
import { smallShape } from './outcome.ts';
import { randomModelFiles } from './random_model.ts';

/** A random GPT-2 with a byte-level tokenizer of its own size, whose texts nothing stands behind. */
export function randomWriter(config: object = {}) {
  const file = (name: string) =>
    JSON.parse(readFileSync(`src/data/vectors/tokenizers/bpe_gpt2/${name}`, 'utf8')) as Record<string, unknown>;
  const shape = { ...smallShape, vocab_size: 432, max_position_embeddings: 48 };
  const model = randomModelFiles(shape, { config: { eos_token_id: 431, ...config } }, 'gpt2');
  const json = (path: string, value: object) => ({ path, blob: new Blob([JSON.stringify(value)]) });
  const files = [
    json('tokenizer.json', { ...file('tokenizer.json'), post_processor: null }),
    json('tokenizer_config.json', file('tokenizer_config.json')),
  ];
  return { ...model, files: [...model.files, ...files] };
}
