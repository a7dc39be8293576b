// A person's whole path in a real Chromium with the real worker: train, pause, reload, resume, try, export, import.

import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { complaintsOfAxe } from './axe.ts';
import { launch, type Site, serve, watch } from './browser.ts';
import { busyTasks, losses, paste, pause, rowsOfTwoTopics, setNumber, train, untilPhase, untilStep } from './steps.ts';

let site: Site;
let browser: Browser;

beforeAll(async () => {
  site = await serve();
});

afterAll(() => site?.close());

// A browser for each test: the software GPU draws pages too, and what a closed page left it to do would stall the next.
beforeEach(async () => {
  browser = await launch('software');
});

afterEach(() => browser?.close());

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

test('one click on a first visit trains the bundled model, in the memory that was predicted', async () => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const { page, complaints } = await watch(context, site);
  await page.goto(site.address);
  await train(page);
  await untilStep(page, 1);
  await page.getByText('as predicted to the byte').waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByRole('button', { name: /Discard/ }).click();
  await page.getByRole('button', { name: 'Train', exact: true }).waitFor({ timeout: 120_000 });
  expect(complaints).toEqual([]);
  await context.close();
});

test('a run learns, pauses, survives a reload, and its exported adapter gives the same logits', async () => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });
  const { page, complaints } = await watch(context, site);
  const asked: string[] = [];
  page.on('dialog', (dialog) => {
    asked.push(dialog.type());
    void dialog.accept();
  });
  await page.goto(site.address);
  await paste(page, rowsOfTwoTopics(64));
  await page.getByText('to evaluate with, held back').waitFor();
  await setNumber(page, 'Batch size', 8);
  await setNumber(page, 'Max length', 16);
  await setNumber(page, 'Steps', 14);
  await train(page);

  await untilStep(page, 1);
  const busy = await busyTasks(page, async () => {
    await untilStep(page, 4);
    await pause(page);
    await page.getByRole('button', { name: 'One step' }).click();
    await untilStep(page, 5);
    await untilPhase(page, 'paused');
  });
  expect(busy, 'tasks of the main thread above 50 ms while training').toEqual([]);

  const other = await watch(context, site);
  await other.page.goto(site.address);
  await other.page.getByRole('button', { name: /^Resume/ }).click();
  await other.page.getByText('Another tab goes on with this run.').first().waitFor();
  expect(other.complaints).toEqual([]);
  await other.page.close();

  // The run has few steps left; nothing slow may stand between it and the reload.
  await page.getByRole('button', { name: 'Proceed' }).click();
  await untilPhase(page, 'training');
  await page.reload();
  expect(asked).toContain('beforeunload');
  await page.getByRole('button', { name: /^Resume/ }).click();
  await untilStep(page, 6);
  await untilPhase(page, 'finished');
  const curve = await losses(page);
  expect(curve).toHaveLength(14);
  expect(mean(curve.slice(-3))).toBeLessThan(mean(curve.slice(0, 3)));
  expect(await complaintsOfAxe(page, 'Train')).toEqual([]);

  await page.setViewportSize({ width: 1440, height: 900 });
  await page.getByRole('button', { name: 'See results and try it' }).click();
  await page.getByLabel('Your sentence', { exact: true }).fill('will it rain in lisbon');
  await page.getByRole('list', { name: 'Probabilities' }).getByText('weather').waitFor();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export as zip' }).click();
  const zip = await (await download).path();
  await page.getByText(/read back, largest difference/).waitFor();
  expect(await complaintsOfAxe(page, 'Results')).toEqual([]);

  await page
    .locator('input[accept=".zip,application/zip"]')
    .setInputFiles({ name: 'adapter.zip', mimeType: 'application/zip', buffer: await readFile(zip) });
  await page.getByText('the same logits').waitFor({ timeout: 120_000 });
  // The sentence that stood there is asked of the adapter that is there now.
  await page.getByRole('list', { name: 'Probabilities' }).getByText('weather').waitFor();
  // What is refused before it is loaded leaves what is there.
  await page
    .locator('input[accept=".zip,application/zip"]')
    .setInputFiles({ name: 'rubbish.zip', mimeType: 'application/zip', buffer: Buffer.from('no zip') });
  await page.getByRole('alert').filter({ hasText: 'rubbish.zip is not a sound zip' }).waitFor();
  await page.getByLabel('Your sentence', { exact: true }).fill('pay the bill for my boat');
  await page.getByRole('list', { name: 'Probabilities' }).getByText('money').waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});
