// As large_hub, in the page: what it takes its worker, in a Chromium with a profile on disk, to plan and to fetch a model of 2 GB and to plan it again from where
// it is kept. Memory is that of the worker's JavaScript heap and of its array buffers, looked at through the browser's debugger. Build the page first.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { launchProfile, serve } from '../e2e/browser.ts';
import { ask, openSession } from '../e2e/page_session.ts';
import { defaultTraining, type ModelRef } from '../src/protocol/config.ts';
import { startDouble, writeSparseModel } from './sparse_hub.ts';

const most = 200 * 2 ** 20;
const lookEveryMs = 50;

interface Heap {
  readonly usedSize: number;
  /** Of array buffers; left out by older browsers. */
  readonly backingStorageSize?: number;
}

/** Asks for the heap of the page's worker as it is now. */
async function heapOf(page: Page): Promise<() => Promise<Heap>> {
  const cdp = await page.context().newCDPSession(page);
  const attached = new Promise<string>((resolve) => {
    cdp.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => targetInfo.type === 'worker' && resolve(sessionId));
  });
  await cdp.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  const sessionId = await attached;
  const waiting = new Map<number, (heap: Heap) => void>();
  cdp.on('Target.receivedMessageFromTarget', ({ message }) => {
    const { id, result } = JSON.parse(message) as { id: number; result: Heap };
    waiting.get(id)?.(result);
    waiting.delete(id);
  });
  let next = 0;
  return () =>
    new Promise((resolve, reject) => {
      next += 1;
      waiting.set(next, resolve);
      cdp
        .send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id: next, method: 'Runtime.getHeapUsage' }) })
        .catch(reject);
    });
}

/** The most of both while `work` goes on. */
async function peakOf(look: () => Promise<Heap>, work: () => Promise<unknown>) {
  const peak = { heapUsed: 0, arrayBuffers: 0, looks: 0 };
  let isGoing = true;
  const looking = (async () => {
    while (isGoing) {
      const { usedSize, backingStorageSize = 0 } = await look();
      peak.heapUsed = Math.max(peak.heapUsed, usedSize);
      peak.arrayBuffers = Math.max(peak.arrayBuffers, backingStorageSize);
      peak.looks += 1;
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  })();
  const begin = performance.now();
  await work().finally(() => {
    isGoing = false;
  });
  await looking;
  return { ms: performance.now() - begin, ...peak };
}

export async function run(json: boolean): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'retrace-large-hub-page-'));
  const bytes = writeSparseModel(join(scratch, 'served'));
  const { endpoint, cdn, end } = await startDouble(join(scratch, 'served'));
  const rows: object[] = [];
  const mib = (count: number) => `${(count / 2 ** 20).toFixed(0)} MiB`;
  Object.assign(process.env, { HF_ENDPOINT: endpoint, RETRACE_HUB_HOSTS: cdn });
  const site = await serve();
  const context = await launchProfile(join(scratch, 'profile'));
  try {
    // The hub knows its hashes; the double works them out when it is first asked.
    await fetch(`${endpoint}/api/models/org/large/tree/main`).then((answer) => answer.text());
    const page = await openSession(context, site, endpoint);
    const look = await heapOf(page);
    const model: ModelRef = { kind: 'hub', name: 'org/large' };
    const plan = () =>
      ask(page, 'plan', {
        ...{ model, num_labels: 2, method: 'meft1', policy: 'reversible', options: {} },
        ...{ checkpoint_every: 1, batch_size: 16, length: 128, dropout: 0.1, optimizer: defaultTraining },
      });
    for (const [what, work] of Object.entries({ plan, fetch: () => ask(page, 'fetchModel', { model }), 'plan again': plan })) {
      const peak = await peakOf(look, work);
      rows.push({ bytes, what, ...peak });
      if (json) continue;
      const { ms, heapUsed, arrayBuffers } = peak;
      process.stdout.write(
        `${mib(bytes)}, ${what}: ${(ms / 1000).toFixed(1)} s; at most ${mib(heapUsed)} of heap, ${mib(arrayBuffers)} of array buffers${heapUsed + arrayBuffers > most ? '; MORE THAN 200 MiB OF BOTH' : ''}\n`,
      );
    }
    const { repos } = await ask(page, 'keptRepos', undefined);
    if (!repos.some(({ id, whole, bytes: kept }) => id === 'org/large' && whole && kept > 2e9))
      throw new Error('The model is not kept whole.');
  } finally {
    await context.close();
    await site.close();
    end();
    rmSync(scratch, { recursive: true, force: true });
  }
  if (json) process.stdout.write(`${JSON.stringify({ rows })}\n`);
}
