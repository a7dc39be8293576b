// The worker in which lives what is off the GPU, as the built page has it: it starts under the page's policy, compiles its WebAssembly there, and gives
// the same numbers whether its rows are in memory or in the origin's private file system.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../scripts/setup.mjs';
import { launch, type Site, serve, watch } from './browser.ts';
import { paste, rowsOfTwoTopics, setNumber, train, untilPhase } from './steps.ts';

let site: Site;
let browser: Browser;
let gpu: Browser;

beforeAll(async () => {
  site = await serve();
  browser = await launch('none');
  gpu = await launch('software');
});

afterAll(async () => {
  await browser?.close();
  await gpu?.close();
  await site?.close();
});

/** Runs in the page: one step on rows of which `memory` bytes may stay in memory. */
async function step([url, memory]: readonly [string, number]) {
  const worker = new Worker(url, { type: 'module' });
  const send = (message: unknown) =>
    new Promise<{ answer?: unknown; error?: { message: string } }>((resolve, reject) => {
      worker.addEventListener('message', ({ data }) => (data.error ? reject(new Error(data.error.message)) : resolve(data)), {
        once: true,
      });
      worker.addEventListener('error', ({ message: text }) => reject(new Error(text)), { once: true });
      worker.postMessage(message);
    });
  const ask = async (call: string, ...values: unknown[]) => (await send({ id: 1, call, values })).answer;
  const numbers = (from: number, count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(7 * from + 1.7 * i));
  const shape = { hidden_size: 8, neurons: 16, experts: 4, probed: 2, activated: 3, rule: 'token' };
  await send({ modules: [{ path: 'm', shape }], memory });
  await ask('write', 'm.keys', 'parameter', numbers(1, 128));
  await ask('write', 'm.values', 'parameter', numbers(2, 128));
  await ask('write', 'm.router', 'parameter', numbers(3, 32));
  await ask('begin');
  const request = { module: 'm', firstExample: 0, tokens: 5, T: 5, training: true };
  await ask('answer', { ...request, call: 'retrieve', reads: [numbers(4, 40), Uint32Array.of(4)] });
  await ask('answer', { ...request, call: 'return', reads: [numbers(5, 40), numbers(6, 15)] });
  await ask('update', { step: 1, learning_rate: 0.1, beta1: 0.9, beta2: 0.98, eps: 1e-6, weight_decay: 0, clip: 1 });
  const keys = [...((await ask('read', 'm.keys', 'parameter')) as Float32Array)];
  const bytes = (await ask('bytes')) as { memory: number; disk: number };
  await ask('close');
  worker.terminate();
  return { keys, bytes };
}

test('rows in memory and rows on disk take the same step, in a worker under the page’s policy', async () => {
  const file = (await readdir(join(ROOT, 'dist/assets'))).find((name) => name.startsWith('offload_main'));
  const context = await browser.newContext();
  const { page, complaints } = await watch(context, site);
  await page.goto(site.address);
  expect(await page.evaluate(() => new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)) instanceof WebAssembly.Module)).toBe(
    true,
  );
  const url = `${site.address}assets/${file}`;
  const inMemory = await page.evaluate(step, [url, 1e9] as const);
  const onDisk = await page.evaluate(step, [url, 0] as const);
  expect(inMemory.bytes.disk).toBe(0);
  expect(onDisk.bytes.disk).toBe(16 * 6 * 8 * 4);
  expect(onDisk.keys).toEqual(inMemory.keys);
  expect(inMemory.keys.some((value, i) => Math.abs(value - Math.sin(7 + 1.7 * i)) > 0.01)).toBe(true);
  expect(complaints).toEqual([]);
  await context.close();
});

test('the page trains sparse adapters in the memory that was predicted, their rows in the worker', async () => {
  const context = await gpu.newContext({ viewport: { width: 1440, height: 900 } });
  const { page, complaints } = await watch(context, site);
  await page.goto(site.address);
  await page.getByRole('radio', { name: 'Sparse adapter' }).click();
  await paste(page, rowsOfTwoTopics(24));
  await page.getByText('to evaluate with, held back').waitFor();
  await setNumber(page, 'Batch size', 4);
  await setNumber(page, 'Max length', 16);
  await setNumber(page, 'Steps', 2);
  await train(page);
  await page.getByText('as predicted to the byte').waitFor({ timeout: 180_000 });
  await untilPhase(page, 'finished');
  expect(complaints).toEqual([]);
  await context.close();
});
