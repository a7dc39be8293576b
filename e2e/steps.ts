// What a person does on the page, by the names that they see.

import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';

/** Two topics that no short training confuses. */
export function rowsOfTwoTopics(rows: number): string {
  const topics = [
    ['weather', 'will it rain in', ['paris', 'london', 'rome', 'oslo', 'berlin', 'madrid', 'vienna', 'prague']],
    ['money', 'pay the bill for my', ['phone', 'rent', 'water', 'gas', 'car', 'card', 'loan', 'power']],
  ] as const;
  const lines = Array.from({ length: rows }, (_, i) => {
    const [label, start, ends] = topics[i % 2 === 0 ? 0 : 1];
    return `${start} ${ends[Math.floor(i / 2) % ends.length]},${label}`;
  });
  return ['text,label', ...lines].join('\n');
}

export async function setNumber(page: Page, name: string, value: number): Promise<void> {
  await page.getByRole('textbox', { name, exact: true }).fill(String(value));
}

export async function paste(page: Page, text: string): Promise<void> {
  await page.getByRole('radio', { name: 'Your own' }).click();
  await page.getByRole('button', { name: 'Paste text' }).click();
  await page.getByLabel('Rows to paste').fill(text);
  await page.getByRole('button', { name: 'Use these rows' }).click();
}

export async function train(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Train', exact: true }).click();
}

/** The plan of a run on the data that are chosen: the first one knows no data yet. */
export async function untilPlanned(page: Page): Promise<void> {
  await page.getByRole('heading', { name: /^\d+ labels$/ }).waitFor();
  await page.locator('.memory[aria-busy="false"]').waitFor();
}

/** Waits until at least this step is done. */
export async function untilStep(page: Page, step: number): Promise<void> {
  await page.waitForFunction(
    (wanted) => Number(/step (\d+) of/.exec(document.querySelector('.phase-line')?.textContent ?? '')?.[1] ?? 0) >= wanted,
    step,
    { timeout: 180_000 },
  );
}

export async function untilPhase(page: Page, phase: string): Promise<void> {
  await page.locator(`.phase-line[data-phase="${phase}"]`).waitFor({ timeout: 180_000 });
}

/**
 * Pauses the run that the page shows. The button is pressed from within the page, in the first frame that allows it: a small model ends its steps
 * while a click from outside still waits for the button to be enabled.
 */
export async function pause(page: Page): Promise<void> {
  await page.waitForFunction(
    () => {
      const button = [...document.querySelectorAll('button')].find(
        ({ textContent, disabled }) => textContent?.trim() === 'Pause' && !disabled,
      );
      button?.click();
      return button !== undefined;
    },
    undefined,
    { polling: 'raf', timeout: 180_000 },
  );
  await untilPhase(page, 'paused');
}

/** Two methods are queued on the screen Compare, and begin. */
export async function trainBoth(page: Page): Promise<void> {
  await page.getByRole('tab', { name: 'Compare' }).click();
  await page.getByText(/^\d+ combinations$/).waitFor();
  await page.getByRole('checkbox', { name: 'LoRA store', exact: true }).check();
  await page.getByRole('checkbox', { name: 'MEFT1 reversible', exact: true }).check();
  await page.getByRole('button', { name: 'Train 2 methods' }).click();
}

/** A run of the queue by its title, once it is there. */
export const untilQueued = (page: Page, title: string, status: string): Promise<void> =>
  page.locator(`.queue li[data-status="${status}"]`, { hasText: title }).waitFor({ timeout: 400_000 });

/** Losses from the chart's own table, first step first. */
export async function losses(page: Page): Promise<number[]> {
  const table = page.getByRole('button', { name: /^Training loss: show as/ });
  await table.click();
  const numbers = page.getByRole('region', { name: 'Training loss by step, newest first' });
  await numbers.waitFor();
  const cells = await numbers.locator('tbody tr td:nth-child(2)').allTextContents();
  await table.click();
  return cells.map(Number).reverse();
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds of the processor's time. */
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/**
 * Tasks of the page's main thread above 50 ms while `act` runs, in milliseconds of its own processor time: the clock on the wall also counts what
 * other programs took from it.
 */
export async function busyTasks(page: Page, act: () => Promise<void>): Promise<number[]> {
  const browser = page.context().browser();
  if (browser === null) throw new Error('The page has no browser of its own.');
  await browser.startTracing(page, { categories: ['toplevel'] });
  await act();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const threads = traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain');
  const tasks = traceEvents.filter(
    ({ name, pid, tid }) => name.endsWith('RunTask') && threads.some((thread) => thread.pid === pid && thread.tid === tid),
  );
  if (tasks.length === 0) throw new Error('The trace holds no task of the main thread.');
  return tasks.map(({ tdur = 0 }) => Math.round(tdur / 1000)).filter((ms) => ms > 50);
}

/** Out as a zip and in again, with the outputs compared. */
export async function exportAndImport(page: Page): Promise<void> {
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export as zip' }).click();
  const zip = await (await download).path();
  await page.getByText(/read back, largest difference/).waitFor();
  await page
    .locator('input[accept=".zip,application/zip"]')
    .setInputFiles({ name: 'adapter.zip', mimeType: 'application/zip', buffer: await readFile(zip) });
  await page.getByText('the same logits').waitFor();
}
