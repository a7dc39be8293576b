// What it takes to plan and to fetch a model of 2 GB from the hub: a BERT whose weights are zeros, served by the hub double in a process of its own, into a
// cache folder that is removed afterwards. Not a test, and needs no GPU.

import { spawn } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeHost } from '../cli/host.ts';
import type { ModelRef } from '../src/protocol/config.ts';
import { defaultTraining } from '../src/protocol/config.ts';
import { Session } from '../src/session/session.ts';
import { bertParameters, safetensorsHead } from './large_bert.ts';
import { peakOf } from './peak.ts';

const shape = {
  ...{ hidden_size: 1024, num_hidden_layers: 24, num_attention_heads: 16, intermediate_size: 4096, vocab_size: 200_000 },
  ...{ model_type: 'bert', max_position_embeddings: 512 },
};
const most = 200 * 2 ** 20;

/** A model's folder that takes no room: behind the header all is a hole. */
function writeSparseModel(folder: string): number {
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
async function startDouble(folder: string): Promise<{ endpoint: string; end: () => void }> {
  const child = spawn(process.execPath, ['scripts/hub_double.mjs', `org/large=${folder}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  for await (const text of child.stdout) {
    said += String(text);
    const endpoint = /HF_ENDPOINT=(\S+)/.exec(said)?.[1];
    if (endpoint !== undefined) return { endpoint, end: () => child.kill() };
  }
  throw new Error(`The hub double did not start: ${said}`);
}

export async function run(json: boolean): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'retrace-large-hub-'));
  const bytes = writeSparseModel(join(scratch, 'served'));
  const { endpoint, end } = await startDouble(join(scratch, 'served'));
  const rows: object[] = [];
  const mib = (count: number) => `${(count / 2 ** 20).toFixed(0)} MiB`;
  try {
    Object.assign(process.env, { HF_ENDPOINT: endpoint, HF_HUB_CACHE: join(scratch, 'cache'), HF_HUB_OFFLINE: '', HF_TOKEN: '' });
    const model: ModelRef = { kind: 'hub', name: 'org/large' };
    const { calls } = new Session(nodeHost(), () => undefined);
    // The hub knows its hashes; the double works them out when it is first asked.
    await fetch(`${endpoint}/api/models/org/large/tree/main`).then((answer) => answer.text());
    const plan = () =>
      calls.plan({
        ...{ model, num_labels: 2, method: 'meft1', policy: 'reversible', options: {} },
        ...{ checkpoint_every: 1, batch_size: 16, length: 128, dropout: 0.1, optimizer: defaultTraining },
      });
    for (const [what, work] of Object.entries({ plan, fetch: () => calls.fetchModel({ model }), 'plan again': plan })) {
      const peak = await peakOf(work);
      rows.push({ bytes, what, ...peak });
      if (json) continue;
      const { ms, heapUsed, arrayBuffers, rss } = peak;
      process.stdout.write(
        `${mib(bytes)}, ${what}: ${(ms / 1000).toFixed(1)} s; at most ${mib(heapUsed)} of heap, ${mib(arrayBuffers)} of array buffers, ${mib(rss)} resident${heapUsed > most ? '; MORE THAN 200 MiB OF HEAP' : ''}\n`,
      );
    }
  } finally {
    end();
    rmSync(scratch, { recursive: true, force: true });
  }
  if (json) process.stdout.write(`${JSON.stringify({ rows })}\n`);
}
