// The page without a run: what bad input gets, and what is left where there is no GPU. Whether everyone can use it: axe.e2e.ts.

import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, type Site, serve, watch } from './browser.ts';
import { paste, setNumber, untilPlanned } from './steps.ts';

let site: Site;
let browser: Browser;

beforeAll(async () => {
  site = await serve();
  browser = await launch('none');
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

async function open() {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const watched = await watch(context, site);
  await watched.page.goto(site.address);
  await watched.page.getByText('of GPU memory').waitFor();
  return { context, ...watched };
}

/** From now on the page's questions for plans wait until the returned function is called. */
async function holdPlans(page: Page): Promise<() => Promise<void>> {
  await page.evaluate(() => {
    const send = Worker.prototype.postMessage;
    const held: (() => void)[] = [];
    Worker.prototype.postMessage = function (this: Worker, ...message: unknown[]) {
      const post = () => Reflect.apply(send, this, message);
      if ((message[0] as { call?: unknown }).call === 'plan') held.push(post);
      else post();
    };
    document.addEventListener('release-plans', () => {
      Worker.prototype.postMessage = send;
      for (const post of held) post();
    });
  });
  return () => page.evaluate(() => void document.dispatchEvent(new Event('release-plans')));
}

test('without WebGPU the page says what to do, and data and memory are still there to look at', async () => {
  const { context, page, complaints } = await open();
  await page.getByText(/Training needs WebGPU/).waitFor();
  await page.getByText('chrome://gpu').first().waitFor();
  expect(await page.getByRole('button', { name: 'Train', exact: true }).isDisabled()).toBe(true);
  await page.getByRole('heading', { name: '10 labels' }).waitFor();
  await page.getByRole('radio', { name: 'by intent' }).click();
  await page.getByRole('heading', { name: '150 labels' }).waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

test('the memory picture follows batch size and method', async () => {
  const { context, page } = await open();
  await untilPlanned(page);
  const total = () => page.locator('.memory-total strong').textContent();
  const first = await total();
  await setNumber(page, 'Batch size', 32);
  await page.getByText('At batch 32').waitFor();
  const larger = await total();
  expect(larger).not.toBe(first);
  await page.getByRole('radio', { name: 'LoRA' }).click();
  await page.locator('.bar-chosen', { hasText: 'LoRA' }).waitFor();
  expect(await total()).not.toBe(larger);
  const slider = page.getByRole('slider', { name: 'Moment of a training step' });
  await slider.focus();
  await page.keyboard.press('ArrowRight');
  await page.locator('[role="slider"][aria-valuetext^="forward "]').waitFor();
  await context.close();
});

test('a table with a short row and one with a single label are refused, with place and remedy', async () => {
  const { context, page, complaints } = await open();
  await paste(page, 'text,label\nhello,good\nbye');
  await page.getByRole('alert').waitFor();
  expect(await page.getByRole('alert').textContent()).toMatch(/3/);
  await page.getByLabel('Rows to paste').fill(`text,label\n${Array.from({ length: 20 }, (_, i) => `text ${i},good`).join('\n')}`);
  await page.getByRole('button', { name: 'Use these rows' }).click();
  await page.getByRole('alert').filter({ hasText: /label/ }).waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

test('a table without a header keeps its first row, and long labels stay within the page', async () => {
  const { context, page, complaints } = await open();
  await page.setViewportSize({ width: 390, height: 844 });
  const label = (i: number) => `${'unbreakable'.repeat(20)}${i}`;
  await paste(page, Array.from({ length: 60 }, (_, i) => `${'some words '.repeat(30)}${i},${label(i % 15)}`).join('\n'));
  await page.getByText('60 rows, no header').waitFor();
  await page.getByRole('radio', { name: 'First row names the columns' }).click();
  await page.getByText(/^59 rows/).waitFor();
  await page.getByRole('radio', { name: 'is data' }).click();
  await page.getByText('60 rows, no header').waitFor();
  await page.getByRole('heading', { name: '15 labels' }).waitFor();
  const [scrollWidth, clientWidth] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  expect(scrollWidth).toBe(clientWidth);
  expect(complaints).toEqual([]);
  await context.close();
});

test('a reload stays on its screen and adds nothing to the history', async () => {
  const { context, page } = await open();
  await page.getByRole('tab', { name: 'Train' }).click();
  await page.waitForURL('**/#train');
  await page.getByRole('tab', { name: 'Results' }).click();
  await page.waitForURL('**/#results');
  await page.reload();
  await page.getByRole('heading', { name: 'Import' }).waitFor();
  await page.goBack();
  await page.getByRole('heading', { name: 'No run yet' }).waitFor();
  await page.goBack();
  await page.getByRole('heading', { name: 'Memory, before you start' }).waitFor();
  await context.close();
});

test('every method is planned under every policy that it allows; the table sorts and comes as CSV', async () => {
  const { context, page, complaints } = await open();
  // Labels count in a plan: before the data are known another comparison would be made first.
  await untilPlanned(page);
  await page.getByRole('tab', { name: 'Compare' }).click();
  const count = Number.parseInt((await page.getByText(/^\d+ combinations$/).textContent()) ?? '', 10);
  const rows = page.locator('.compare-table tbody tr');
  // Rows are drawn when there is time for them.
  await expect.poll(() => rows.count(), { timeout: 60_000 }).toBe(count);
  const titles = (await rows.locator('th').allTextContents()).join('\n');
  for (const cell of ['MEFT1 reversible', 'LoRA store', 'LoRA checkpoint', 'Full fine-tuning store']) expect(titles).toContain(cell);
  expect(titles).not.toContain('LoRA reversible');

  await page.getByRole('button', { name: 'GPU bytes' }).click();
  await page.locator('th[aria-sort="ascending"]', { hasText: 'GPU bytes' }).waitFor();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'CSV' }).click();
  const lines = (await readFile(await (await download).path(), 'utf8')).trim().split('\r\n');
  expect(lines).toHaveLength(count + 1);
  const at = lines[0]?.split(',').indexOf('gpu_bytes') ?? -1;
  const bytes = lines.slice(1).map((line) => Number(line.split(',')[at]));
  expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
  expect(bytes[0]).toBeGreaterThan(0);

  // Cancelled in the middle, the rest is planned when it is asked for. Questions are held back, or the plans might be made before the click.
  const release = await holdPlans(page);
  await setNumber(page, 'Batch size', 5);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Plan all' }).waitFor();
  await release();
  await page.getByRole('button', { name: 'Plan all' }).click();
  await page.getByText(`${count} combinations`).waitFor();
  await page.getByText('at batch 5').waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

test('layers take policies by ranges, and the plan follows', async () => {
  const { context, page } = await open();
  await untilPlanned(page);
  const reversible = await page.locator('.memory-total strong').textContent();
  await page.getByRole('button', { name: /Advanced/ }).click();
  await page.getByRole('radio', { name: 'By ranges' }).click();
  await page.getByRole('combobox', { name: 'Policy of layers 3–5' }).click();
  await page.getByRole('option', { name: 'store' }).click();
  await page.waitForFunction((before) => document.querySelector('.memory-total strong')?.textContent !== before, reversible);
  await page.getByRole('radio', { name: /^All / }).click();
  await page.waitForFunction((before) => document.querySelector('.memory-total strong')?.textContent === before, reversible);
  await context.close();
});

test('a number that may be left out is left out by emptying its field; 0 is a value like any other', async () => {
  const { context, page, complaints } = await open();
  await untilPlanned(page);
  await page.getByRole('button', { name: /Advanced/ }).click();
  const field = page.locator('[data-option="dropout"]');
  const dropout = page.getByRole('textbox', { name: 'Dropout', exact: true });
  expect(await dropout.inputValue()).toBe('');
  await dropout.fill('0');
  await page.getByText('1 change from defaults').waitFor();
  await dropout.fill('1');
  await field.getByText('Type less than 1.').waitFor();
  await dropout.fill('');
  await field.getByText("default: the model's own", { exact: true }).waitFor();
  expect(await page.getByText('from defaults').count()).toBe(0);
  await dropout.fill('0.3');
  await page.getByRole('button', { name: "default: the model's own, reset Dropout" }).click();
  expect(await dropout.inputValue()).toBe('');
  expect(complaints).toEqual([]);
  await context.close();
});
