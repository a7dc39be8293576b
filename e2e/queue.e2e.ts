// Two methods trained alike on the bundled model, with a closed tab between them, and one of them exported.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { complaintsOfAxe } from './axe.ts';
import { launch, type Site, serve, watch } from './browser.ts';
import { busyTasks, paste, pause, rowsOfTwoTopics, setNumber, trainBoth, untilQueued } from './steps.ts';

let site: Site;
let browser: Browser;

beforeAll(async () => {
  site = await serve();
  browser = await launch('software');
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

test('a queue trains two methods alike, outlives its tab, and its runs can be exported', async () => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });
  const { page, complaints } = await watch(context, site);
  page.on('dialog', (dialog) => void dialog.accept());
  await page.goto(site.address);
  await paste(page, rowsOfTwoTopics(48));
  await page.getByText('to evaluate with, held back').waitFor();
  await setNumber(page, 'Batch size', 8);
  await setNumber(page, 'Max length', 16);
  await setNumber(page, 'Steps', 5);
  await trainBoth(page);

  await untilQueued(page, 'MEFT1, reversible', 'running');
  await page.locator('.queue li', { hasText: /step [2-5] of 5/ }).waitFor({ timeout: 400_000 });
  const busy = await busyTasks(page, async () => {
    await untilQueued(page, 'MEFT1, reversible', 'finished');
    await untilQueued(page, 'LoRA, store', 'running');
    // Paused, it is sure to be under way still when the page is closed.
    await page.getByRole('button', { name: 'Watch LoRA, store' }).click();
    await pause(page);
  });
  expect(busy, 'tasks of the main thread above 50 ms while the queue trains').toEqual([]);

  await page.reload();
  await page.getByRole('tab', { name: 'Compare' }).click();
  await untilQueued(page, 'MEFT1, reversible', 'finished');
  await untilQueued(page, 'LoRA, store', 'interrupted');
  await page.getByRole('button', { name: 'Go on with the queue' }).click();
  await untilQueued(page, 'LoRA, store', 'finished');

  await page.getByRole('button', { name: 'Training loss, smoothed: show as table' }).click();
  const table = page.getByRole('region', { name: 'Training loss by step' });
  await table.waitFor();
  expect(await table.locator('thead th').allTextContents()).toEqual(['Step', 'MEFT1, reversible', 'LoRA, store']);
  expect((await table.locator('tbody tr').first().locator('td').allTextContents()).map(Number).every((loss) => loss > 0)).toBe(true);
  const measured = page.locator('.compare-table tbody tr', { hasText: 'MEFT1 reversible' }).locator('td').last();
  await page.getByText(/^\d+ combinations$/).waitFor();
  await expect.poll(() => measured.textContent(), { timeout: 60_000 }).toMatch(/\d m?s$/);
  expect(await complaintsOfAxe(page, 'Compare')).toEqual([]);

  await page.setViewportSize({ width: 1440, height: 900 });
  await page.getByRole('button', { name: 'Results, export of MEFT1, reversible' }).click();
  await page.getByRole('button', { name: 'Export as zip' }).waitFor();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export as zip' }).click();
  await download;
  await page.getByText(/read back, largest difference/).waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});
