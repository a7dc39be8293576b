// What it takes to plan and to fetch a model of 2 GB from the hub: a BERT whose weights are zeros, served by the hub double in a process of its own, into a
// cache folder that is removed afterwards. Not a test, and needs no GPU.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeHost } from '../cli/host.ts';
import type { ModelRef } from '../src/protocol/config.ts';
import { defaultTraining } from '../src/protocol/config.ts';
import { Session } from '../src/session/session.ts';
import { peakOf } from './peak.ts';
import { startDouble, writeSparseModel } from './sparse_hub.ts';

const most = 200 * 2 ** 20;

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
