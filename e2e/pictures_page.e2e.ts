// A person's path with pictures in a real Chromium with the real worker: a small ViT from a folder, a zip of pictures that is dropped, their preview; trained,
// what it got wrong, a picture tried, the adapter out and in again. Not here: how pictures are decoded (pictures.e2e.ts).

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { zipSync } from 'fflate';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { complaintsOfAxe } from './axe.ts';
import { launch, type Site, serve, watch } from './browser.ts';
import { filesOfColours, picture } from './colours.ts';
import { writeSmallVit } from './small_models.ts';
import { exportAndImport, losses, pause, setNumber, train, trainBoth, untilPhase, untilQueued } from './steps.ts';

let site: Site;
let browser: Browser;
let folder: string;
let context: BrowserContext;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  site = await serve();
  browser = await launch('software');
  folder = await mkdtemp(join(tmpdir(), 'retrace-pictures-'));
  await writeSmallVit(join(folder, 'vit'));
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });
  ({ page, complaints } = await watch(context, site));
  await page.goto(site.address);
});

afterEach(() => context.close());

async function soundAt(what: string): Promise<void> {
  expect(await complaintsOfAxe(page, what)).toEqual([]);
  await page.setViewportSize({ width: 1440, height: 900 });
}

/** The folder of the model, which brings its task and the digits. */
async function chooseVit(): Promise<void> {
  await page.getByRole('button', { name: 'Use facebook/deit-tiny-patch16-224 from the hub' }).waitFor();
  expect(await page.getByRole('radio', { name: 'Image classification' }).isDisabled()).toBe(true);
  await page.getByRole('radio', { name: 'From your disk' }).click();
  await page.locator('input[webkitdirectory]').setInputFiles(join(folder, 'vit'));
  await page.getByText('pictures of 12 × 12 in patches of 4, 10 tokens each').waitFor();
}

/** A file as the page gets it by dropping or pasting. */
const transferOf = (name: string, content: Buffer) =>
  page.evaluateHandle(
    ([file, base64]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], file));
      return transfer;
    },
    [name, content.toString('base64')] as const,
  );

/** Drops a file into the part of the page of this name, as a file manager does. */
async function drop(name: string, content: Buffer, into: string): Promise<void> {
  const zone = page.getByRole('region', { name: into, exact: true }).locator('.drop');
  await zone.dispatchEvent('drop', { dataTransfer: await transferOf(name, content) });
}

/** Drops what lies on the disk, a folder too, as a browser passes it on. */
async function dropFromDisk(path: string, into: string): Promise<void> {
  const zone = page.getByRole('region', { name: into, exact: true }).locator('.drop');
  await zone.scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await zone.boundingBox()) ?? expect.unreachable('there is no place to drop it');
  const at = { x: x + width / 2, y: y + height / 2, data: { items: [], files: [path], dragOperationsMask: 1 } };
  const session = await context.newCDPSession(page);
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) await session.send('Input.dispatchDragEvent', { type, ...at });
  await session.detach();
}

async function pasteFile(name: string, content: Buffer): Promise<void> {
  const transfer = await transferOf(name, content);
  await transfer.evaluate((clipboardData) => document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true })));
}

/** What the model says of the picture that was tried, as it is shown. */
async function said(name: string): Promise<string[]> {
  const items = page.getByRole('list', { name: `Probabilities of ${name}` }).getByRole('listitem');
  await items.nth(2).waitFor();
  return items.allTextContents();
}

test('a zip of pictures is dropped, looked at, trained on, and what is learned is tried, exported and imported', async () => {
  await chooseVit();
  // The digits, which are there for a model of pictures.
  await page.getByRole('img', { name: /^7: / }).first().waitFor();
  expect(await page.getByRole('textbox', { name: 'Max length' }).count()).toBe(0);
  await page.getByRole('radio', { name: 'Your own' }).click();
  await drop('colours.zip', Buffer.from(zipSync(await filesOfColours())), 'Data');
  await page.getByText('36 pictures; parts: train, validation').waitFor();
  await page.getByText('36 to train on, 14 to evaluate with').waitFor();
  expect(await page.getByRole('img', { name: /^red: / }).count()).toBe(12);
  await page.locator('.memory[aria-busy="false"]').waitFor();
  await soundAt('Choose, with pictures');

  await setNumber(page, 'Batch size', 6);
  await setNumber(page, 'Steps', 40);
  await train(page);
  await untilPhase(page, 'finished');
  const curve = await losses(page);
  expect(curve).toHaveLength(40);
  expect(curve.at(-1)).toBeLessThan(curve[0] as number);
  await soundAt('Train, with pictures');

  await page.getByRole('button', { name: 'See results and try it' }).click();
  await page.getByRole('button', { name: 'Show the 2 of blue taken for red' }).first().click();
  const wrong = page.getByRole('list', { name: 'Pictures that it got wrong' });
  await wrong.getByRole('img', { name: /blue: .*wrong 0\.png/ }).waitFor();
  expect(await wrong.getByRole('listitem').count()).toBe(2);

  const try_ = page.getByRole('region', { name: 'Try it' });
  await try_.locator('input[type="file"]').setInputFiles([
    { name: 'grass.png', mimeType: 'image/png', buffer: await picture('green', 40) },
    { name: 'broken.png', mimeType: 'image/png', buffer: Buffer.from('no picture') },
  ]);
  const before = await said('grass.png');
  expect(before[0]).toMatch(/^green/);
  await try_.getByRole('alert').filter({ hasText: 'broken.png' }).waitFor();
  await try_.getByRole('button', { name: 'Clear' }).click();
  await drop('sky.png', await picture('blue', 41), 'Try it');
  expect((await said('sky.png'))[0]).toMatch(/^blue/);
  await pasteFile('grass.png', await picture('green', 40));
  expect(await said('grass.png')).toEqual(before);
  await soundAt('Results of pictures');
  await exportAndImport(page);
  expect(await said('grass.png')).toEqual(before);
  expect(complaints).toEqual([]);
});

test('a folder of pictures is picked or dropped; a broken one is refused by name, and skipped where that is wanted', async () => {
  await chooseVit();
  await page.getByRole('radio', { name: 'Your own' }).click();
  const files = { ...(await filesOfColours()), 'train/red/torn.png': (await picture('red', 50)).subarray(0, 60) };
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, 'colours', path)), { recursive: true });
    await writeFile(join(folder, 'colours', path), bytes);
  }
  await page.getByRole('region', { name: 'Data', exact: true }).locator('input[webkitdirectory]').setInputFiles(join(folder, 'colours'));
  await page.getByRole('alert').filter({ hasText: 'torn.png' }).waitFor();
  await page.getByRole('button', { name: 'Skip broken pictures' }).click();
  await page.getByText('36 to train on, 14 to evaluate with').waitFor();
  await page.getByText(/is broken and skipped/).waitFor();
  await dropFromDisk(join(folder, 'colours', 'train'), 'Data');
  await page.getByText('37 pictures', { exact: true }).waitFor();
  await page.getByRole('alert').filter({ hasText: 'red/torn.png' }).waitFor();
  expect(complaints).toEqual([]);
});

test('a queue of runs over dropped pictures outlives its tab, and shows what each run got wrong', async () => {
  page.on('dialog', (dialog) => void dialog.accept());
  await chooseVit();
  await page.getByRole('radio', { name: 'Your own' }).click();
  await drop('colours.zip', Buffer.from(zipSync(await filesOfColours())), 'Data');
  await page.getByText('36 to train on, 14 to evaluate with').waitFor();
  await setNumber(page, 'Batch size', 6);
  await setNumber(page, 'Steps', 120);
  await trainBoth(page);
  await untilQueued(page, 'MEFT1, reversible', 'finished');
  await untilQueued(page, 'LoRA, store', 'running');
  await page.getByRole('button', { name: 'Watch LoRA, store' }).click();
  await pause(page);

  await page.reload();
  await page.getByRole('tab', { name: 'Compare' }).click();
  await untilQueued(page, 'LoRA, store', 'interrupted');
  await page.getByRole('button', { name: 'Go on with the queue' }).click();
  await untilQueued(page, 'LoRA, store', 'finished');
  await page.getByRole('button', { name: 'Results, export of LoRA, store' }).click();
  await page.getByRole('button', { name: 'Show the 2 of blue taken for red' }).first().click();
  const wrong = page.getByRole('list', { name: 'Pictures that it got wrong' });
  await wrong.getByRole('img', { name: /blue: .*wrong 0\.png/ }).waitFor();
  expect(complaints).toEqual([]);
});
