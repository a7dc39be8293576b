// A model of 2 GB on the hub that takes no room: a BERT whose weights are zeros, and a hub double that serves it. What measurements of the hub share.

import { spawn } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { bertParameters, safetensorsHead } from './large_bert.ts';

const shape = {
  ...{ hidden_size: 1024, num_hidden_layers: 24, num_attention_heads: 16, intermediate_size: 4096, vocab_size: 200_000 },
  ...{ model_type: 'bert', max_position_embeddings: 512 },
};

/** A model's folder that takes no room: behind the header all is a hole. */
export function writeSparseModel(folder: string): number {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.json'), JSON.stringify(shape));
  writeFileSync(join(folder, 'vocab.txt'), '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n');
  const { head, size } = safetensorsHead(bertParameters(shape));
  const file = openSync(join(folder, 'model.safetensors'), 'w');
  writeSync(file, head);
  ftruncateSync(file, size);
  closeSync(file);
  return size;
}

/** The double as a process of its own, so that what it takes is not counted. */
export async function startDouble(folder: string): Promise<{ endpoint: string; cdn: string; end: () => void }> {
  const child = spawn(process.execPath, ['scripts/hub_double.mjs', `org/large=${folder}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  for await (const text of child.stdout) {
    said += String(text);
    const [, endpoint, cdn] = /HF_ENDPOINT=(\S+) .*large files come from ([^;]+);/.exec(said) ?? [];
    if (endpoint !== undefined && cdn !== undefined) return { endpoint, cdn, end: () => child.kill() };
  }
  throw new Error(`The hub double did not start: ${said}`);
}
