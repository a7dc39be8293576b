// A file that the worker gets lost in: it is cancelled, and the page goes on from where it was.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tinyModel } from '../cli/testing.ts';
import { launch, type Site, serve, watch } from './browser.ts';
import { setNumber, untilPlanned } from './steps.ts';

let site: Site;
let browser: Browser;
const folder = mkdtempSync(join(tmpdir(), 'retrace-cancel-'));

beforeAll(async () => {
  site = await serve();
  browser = await launch('none');
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Words of any length are looked up piece by piece: a word of a million letters takes time by its square. */
function endlessModel(): string {
  const path = tinyModel(folder);
  const file = join(path, 'tokenizer.json');
  const tokenizer = JSON.parse(readFileSync(file, 'utf8')) as { model: object };
  writeFileSync(file, JSON.stringify({ ...tokenizer, model: { ...tokenizer.model, max_input_chars_per_word: 1e9 } }));
  return path;
}

test('work on a file that hangs is cancelled within 200 ms, and the page is as it was before, with its numbers, ready for the next file', async () => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const { page, complaints } = await watch(context, site);
  await page.goto(site.address);
  await untilPlanned(page);
  await setNumber(page, 'Batch size', 4);
  await page.getByText('At batch 4').waitFor();
  const rows = Array.from({ length: 20 }, (_, i) => `play the song,${i % 2 ? 'a' : 'b'}`);
  const table = (name: string, lines: readonly string[]) => ({
    name,
    mimeType: 'text/csv',
    buffer: Buffer.from(`text,label\n${lines.join('\n')}\n`),
  });
  const data = page.locator('input[type="file"][accept*=".csv"]');
  await page.getByRole('region', { name: 'Data' }).getByRole('radio', { name: 'Your own' }).click();
  await data.setInputFiles(table('sound.csv', rows));
  await page.getByRole('heading', { name: '2 labels' }).waitFor();
  await page.getByRole('radio', { name: 'From your disk' }).click();
  await page.locator('input[type="file"][webkitdirectory]').setInputFiles(endlessModel());
  await page.getByText('3 layers, 32 wide').waitFor();
  await untilPlanned(page);

  await data.setInputFiles(table('endless.csv', [`${'pay'.repeat(1_500_000)},a`, ...rows]));
  const cancel = page.getByRole('button', { name: 'Cancel' });
  await cancel.waitFor();
  await page.getByText(/Still tokenising endless\.csv/).waitFor();
  const ms = await page.evaluate(() => {
    const begun = performance.now();
    let [ended, anew] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    const { terminate } = Worker.prototype;
    Worker.prototype.terminate = function (this: Worker) {
      terminate.call(this);
      ended = performance.now() - begun;
    };
    window.Worker = class extends Worker {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        anew = performance.now() - begun;
      }
    };
    [...document.querySelectorAll('button')].find(({ textContent }) => textContent === 'Cancel')?.click();
    return Math.max(ended, anew);
  });
  await page.getByText('Cancelled; the choices from before stand.').waitFor();
  expect(ms).toBeLessThan(200);
  await page.getByRole('heading', { name: '2 labels' }).waitFor();
  await page.getByText('At batch 4').waitFor();
  expect(await page.getByRole('alert').count()).toBe(0);
  expect(await page.locator('.start-what').textContent()).toMatch(/tiny.*sound\.csv/);

  // The next worker answers.
  await data.setInputFiles(
    table(
      'next.csv',
      rows.map((row, i) => `${row}${i % 3}`),
    ),
  );
  await page.getByRole('heading', { name: '6 labels' }).waitFor();
  await untilPlanned(page);
  expect(complaints).toEqual([]);
  await context.close();
});
