// What the page measures: the device under the address #bench, whose report is read as a file, and one step of a run, with its trace.

import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BenchReport } from '../src/protocol/bench.ts';
import { complaintsOfAxe } from './axe.ts';
import { launch, type Site, serve, watch } from './browser.ts';
import { paste, pause, rowsOfTwoTopics, setNumber, train } from './steps.ts';

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

async function downloaded(page: Page, button: string): Promise<unknown> {
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: button }).click();
  return JSON.parse(await readFile(await (await download).path(), 'utf8'));
}

test('the address #bench measures the device, can be stopped, and gives a report with every stage', async () => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });
  const { page, complaints } = await watch(context, site);
  await page.goto(`${site.address}#bench`);
  // On a processor the small sizes are chosen by themselves.
  await page.getByRole('radio', { name: 'Tiny', checked: true }).waitFor();
  await page.getByRole('button', { name: 'Measure' }).click();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByText(/learning: stopped/).waitFor();
  const stopped = (await downloaded(page, 'Download JSON')) as BenchReport;
  expect(stopped.stages.at(-1)).toMatchObject({ name: 'learning', ended: 'stopped' });

  await page.getByRole('button', { name: 'Measure' }).click();
  await page.getByText(/learning: done/).waitFor({ timeout: 600_000 });
  const report = (await downloaded(page, 'Download JSON')) as BenchReport;
  expect(report.stages.map(({ ended }) => ended)).toEqual(Array(5).fill('done'));
  expect(report.device).toMatchObject({ software: true, name: expect.stringMatching(/./) });
  expect(report.best?.gflops).toBeGreaterThan(0);
  for (const row of report.steps) expect(row).not.toHaveProperty('error');
  expect(report.exact.map(({ differing_words }) => differing_words)).toEqual([0, 0, 0, 0]);
  for (const { losses } of report.learning) expect(losses.at(-1)).toBeLessThan(losses[0] as number);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Copy JSON' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  expect(JSON.parse(await page.evaluate(() => navigator.clipboard.readText()))).toEqual(report);
  expect(await complaintsOfAxe(page, '#bench')).toEqual([]);
  expect(complaints).toEqual([]);
  await context.close();
});

test('one step of a paused run is profiled, shown and given as a trace, and the run goes on', async () => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });
  const { page, complaints } = await watch(context, site);
  page.on('dialog', (dialog) => void dialog.accept());
  await page.goto(site.address);
  await paste(page, rowsOfTwoTopics(48));
  await page.getByText('to evaluate with, held back').waitFor();
  await setNumber(page, 'Batch size', 8);
  await setNumber(page, 'Max length', 16);
  await setNumber(page, 'Steps', 6);
  await train(page);
  await pause(page);
  await page.getByRole('button', { name: 'Advanced' }).click();
  await page.getByRole('button', { name: 'Profile one step' }).click();
  const table = page.getByRole('region', { name: 'Time by kernel family' });
  await table.waitFor({ timeout: 600_000 });
  expect(await table.locator('tbody th').allTextContents()).toEqual(expect.arrayContaining(['gemm', 'attention', 'streams', 'optimizer']));
  const { traceEvents } = (await downloaded(page, 'Download trace')) as { traceEvents: { ph: string; name: string }[] };
  expect(traceEvents.filter(({ ph, name }) => ph === 'X' && name === 'gemm_nt').length).toBeGreaterThan(10);
  expect(await complaintsOfAxe(page, 'Train, profiled')).toEqual([]);
  await page.getByRole('button', { name: 'Proceed' }).click();
  await page.getByText(/Finished at step 6/).waitFor({ timeout: 600_000 });
  expect(complaints).toEqual([]);
  await context.close();
});
