// A number instead of a label, in a real Chromium with the real worker: from its card over pasted rows and a tiny model to a trained adapter, which is exported
// and imported again.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { complaintsOfAxe } from './axe.ts';
import { launch, type Site, serve, watch } from './browser.ts';
import { tinyBert } from './hub_models.ts';
import { exportAndImport, losses, paste, setNumber, train, untilPhase } from './steps.ts';

let site: Site;
let browser: Browser;
let folder: string;

beforeAll(async () => {
  site = await serve();
  browser = await launch('software');
  folder = join(await mkdtemp(join(tmpdir(), 'retrace-regression-')), 'tiny-bert');
  for (const [path, bytes] of Object.entries(await tinyBert())) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
  await rm(dirname(folder), { recursive: true, force: true });
});

/** Reviews whose stars follow from one word of theirs. */
function rowsOfStars(rows: number): string {
  const words = ['awful', 'poor', 'fair', 'good', 'great'];
  const things = ['book', 'film', 'meal', 'song', 'trip', 'game'];
  const lines = Array.from({ length: rows }, (_, i) => `a ${words[i % 5]} ${things[i % 6]},shop ${i % 3},${(i % 5) + 1 + (i % 2) / 2}`);
  return ['review,place,stars', ...lines].join('\n');
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

test('a number is learned from its card to an adapter that predicts it, here and once it is imported again', async () => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });
  const { page, complaints } = await watch(context, site);
  await page.goto(site.address);
  await page.getByRole('radio', { name: 'From your disk' }).click();
  await page.locator('input[webkitdirectory]').setInputFiles(folder);
  await page.getByText('bert, 2 layers, 32 wide').waitFor();
  await page.getByRole('radio', { name: 'Regression' }).click();
  await paste(page, rowsOfStars(120));
  await page.getByText('to evaluate with, held back').waitFor();
  expect(await page.getByRole('combobox', { name: 'Part of column stars' }).textContent()).toContain('Number');
  await page.getByText('to predict stars').waitFor();
  expect(await complaintsOfAxe(page, 'Choose, with a number to learn')).toEqual([]);
  await page.setViewportSize({ width: 1440, height: 900 });

  await setNumber(page, 'Batch size', 8);
  await setNumber(page, 'Max length', 16);
  await setNumber(page, 'Steps', 40);
  await train(page);
  await untilPhase(page, 'finished');
  const curve = await losses(page);
  expect(curve).toHaveLength(40);
  expect(mean(curve.slice(-5))).toBeLessThan(mean(curve.slice(0, 5)));
  expect(await complaintsOfAxe(page, 'Train, for a number')).toEqual([]);
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.getByRole('button', { name: 'See results and try it' }).click();
  const evaluation = page.getByRole('region', { name: 'Evaluation', exact: true });
  for (const metric of ['Pearson correlation', 'Spearman correlation', 'Mean squared error']) {
    await evaluation.getByText(metric, { exact: true }).waitFor();
  }
  await evaluation.getByRole('img', { name: /^Predicted against true stars, a dot for each of 12 examples/ }).waitFor();
  expect(await evaluation.locator('.scatter-dots circle').count()).toBe(12);
  expect(await evaluation.getByRole('table', { name: /Confusion/ }).count()).toBe(0);
  // Dots of equal texts lie on one another.
  await evaluation.locator('.scatter-dots circle').first().hover({ force: true });
  await evaluation.getByText(/^true [\d.]+, predicted -?[\d.]+ a \w+ \w+$/).waitFor();
  expect(await complaintsOfAxe(page, 'Results of a number')).toEqual([]);
  await page.setViewportSize({ width: 1440, height: 900 });

  const prediction = page.getByRole('status', { name: 'Prediction' });
  await page.getByLabel('Your sentence', { exact: true }).fill('a great book');
  await prediction.waitFor();
  const before = await prediction.textContent();
  expect(before).toMatch(/^stars-?\d/);
  await exportAndImport(page);
  await prediction.waitFor();
  expect(Number(/-?[\d.]+$/.exec((await prediction.textContent()) ?? '')?.[0])).toBeCloseTo(Number(/-?[\d.]+$/.exec(before ?? '')?.[0]), 3);
  expect(complaints).toEqual([]);
  await context.close();
});
