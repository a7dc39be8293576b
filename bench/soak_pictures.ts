// Whether a run over thousands of pictures holds more and more memory: in Chromium, 2,000 JPEGs of 640 × 480 of which all together, prepared, are more than is
// kept, for several epochs of a small ViT. Memory is that of the browser's processes, read from /proc after each epoch. It throws where the last epochs hold
// more than the second by a tenth of what the decoded pictures would take. Build the page first.

import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { launch, serve } from '../e2e/browser.ts';
import { openSession } from '../e2e/page_session.ts';
import { defaultTraining, type RunConfig } from '../src/protocol/config.ts';
import { randomModelFiles } from '../test/random_model.ts';

const pictures = 2000;
const epochs = 6;
const batch_size = 40;
const [width, height] = [640, 480];
const classes = ['circle', 'square'];
const shape = { hidden_size: 32, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 64 };

/** Resident bytes of all processes of the browser but its GPU's, where a software adapter lives. */
async function residentBytes(browser: Browser): Promise<number> {
  const cdp = await browser.newBrowserCDPSession();
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  await cdp.detach();
  return processInfo
    .filter(({ type }) => type !== 'GPU')
    .reduce((sum, { id }) => sum + 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0), 0);
}

/** Draws the pictures in the tab and begins the run there. What it has come to is `state` of the tab. */
async function begin(
  page: Page,
  model: readonly { path: string; base64: string }[],
  config: Omit<RunConfig, 'model' | 'data'>,
): Promise<void> {
  await page.evaluate(
    async ({ files, rest, count, size: [w, h], names }) => {
      const canvas = new OffscreenCanvas(w, h);
      const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
      const drawn: { path: string; blob: Blob }[] = [];
      for (let i = 0; i < count; i++) {
        const name = names[i % names.length] as string;
        context.fillStyle = `hsl(${(37 * i) % 360} 60% 70%)`;
        context.fillRect(0, 0, w, h);
        context.fillStyle = `hsl(${(91 * i) % 360} 80% 30%)`;
        context.beginPath();
        if (name === 'circle') context.arc(w / 2, h / 2, 80 + (i % 60), 0, 7);
        else context.rect(w / 4, h / 4, 160 + (i % 60), 160 + (i % 60));
        context.fill();
        drawn.push({ path: `${name}/${i}.jpg`, blob: await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.8 }) });
      }
      const bytesIn = (text: string) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const state = { step: 0, ended: false, error: '' };
      const asked = Reflect.get(globalThis, 'asked') as (
        call: string,
        argument: unknown,
      ) => Promise<{ ok: boolean; error?: { message: string } }>;
      Object.assign(globalThis, { state });
      const ref = { kind: 'files', name: 'drawn', files: files.map(({ path, base64 }) => ({ path, blob: new Blob([bytesIn(base64)]) })) };
      void asked('start', { ...rest, model: ref, data: { kind: 'pictures', name: 'shapes', files: drawn } }).then(({ ok, error }) => {
        Object.assign(state, { ended: true, error: ok ? '' : (error?.message ?? 'it failed') });
      });
    },
    { files: model, rest: config, count: pictures, size: [width, height] as const, names: classes },
  );
}

export async function run(json: boolean): Promise<void> {
  const drawn = randomModelFiles({ ...shape, vocab_size: 0, max_position_embeddings: 0, image_size: 224, patch_size: 56 }, {}, 'vit');
  const model = await Promise.all(
    drawn.files.map(async ({ path, blob }) => ({ path, base64: Buffer.from(await blob.arrayBuffer()).toString('base64') })),
  );
  const steps = Math.floor((pictures * 0.9) / batch_size);
  const training = { ...defaultTraining, batch_size, max_steps: -1, epochs, eval_steps: 0, learning_rate: 1e-3, warmup_ratio: 0 };
  const site = await serve();
  const browser = await launch('software');
  const rows: { readonly step: number; readonly megabytes: number; readonly seconds: number }[] = [];
  const begun = performance.now();
  try {
    const page = await openSession(await browser.newContext(), site, 'https://huggingface.co');
    await begin(page, model, {
      ...{
        pooling: 'cls',
        task: 'image_classification',
        method: 'linear-probe',
        policy: 'store',
        checkpoint_every: 1,
        options: {},
        training,
      },
    });
    for (let epoch = 0; epoch < epochs; epoch++) {
      const until = (epoch + 1) * steps;
      await page.waitForFunction(
        (step) => {
          const { state, lastEvent } = globalThis as unknown as {
            state: { step: number; ended: boolean };
            lastEvent?: { type: string; step?: number };
          };
          if (lastEvent?.type === 'step') state.step = lastEvent.step ?? 0;
          return state.ended || state.step >= step;
        },
        until,
        { timeout: 600_000, polling: 50 },
      );
      const error = await page.evaluate(() => (globalThis as unknown as { state: { error: string } }).state.error);
      if (error !== '') throw new Error(error);
      const megabytes = (await residentBytes(browser)) / 2 ** 20;
      rows.push({ step: until, megabytes, seconds: (performance.now() - begun) / 1000 });
      if (!json) console.log(`epoch ${epoch + 1}, step ${until}: ${megabytes.toFixed(0)} MiB after ${rows.at(-1)?.seconds.toFixed(0)} s`);
    }
  } finally {
    await browser.close();
    await site.close();
  }
  const decoded = (pictures * width * height * 3) / 2 ** 20;
  const growth = Math.max(...rows.slice(2).map(({ megabytes }) => megabytes)) - (rows[1]?.megabytes ?? 0);
  if (json) console.log(JSON.stringify({ rows, decoded, growth }));
  else
    console.log(
      `${pictures} pictures, ${decoded.toFixed(0)} MiB decoded: from the second epoch to the largest of the others ${growth.toFixed(0)} MiB more`,
    );
  if (growth > decoded / 10) throw new Error('Memory grows with every epoch.');
}
