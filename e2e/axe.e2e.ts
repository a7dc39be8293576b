// Whether everyone can use the page: what axe finds on each screen before there is a run. Screens with a run: whole_path.e2e.ts.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { complaintsOfAxe } from './axe.ts';
import { launch, type Site, serve, watch } from './browser.ts';
import { untilPlanned } from './steps.ts';

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

test('axe finds nothing on any screen, at 1440 and 390 pixels, in light and dark', async () => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const { page } = await watch(context, site);
  await page.goto(site.address);
  await page.getByText('of GPU memory').waitFor();
  await page.getByRole('button', { name: /Advanced/ }).click();
  await untilPlanned(page);
  const found = await complaintsOfAxe(page, 'Choose');
  // An old answer stays to be read until the next one is there.
  await page.locator('[aria-busy]').evaluateAll((panels) => {
    for (const panel of panels) panel.setAttribute('aria-busy', 'true');
  });
  found.push(...(await complaintsOfAxe(page, 'Choose, while it is planned anew')));
  await page.getByRole('tab', { name: 'Train' }).click();
  await page.getByRole('heading', { name: 'No run yet' }).waitFor();
  found.push(...(await complaintsOfAxe(page, 'Train')));
  await page.getByRole('tab', { name: 'Compare' }).click();
  await page.getByText(/^\d+ combinations$/).waitFor();
  await page.getByRole('checkbox', { name: 'MEFT1 reversible', exact: true }).check();
  found.push(...(await complaintsOfAxe(page, 'Compare')));
  await page.getByRole('tab', { name: 'Results' }).click();
  await page.getByRole('heading', { name: 'Import' }).waitFor();
  found.push(...(await complaintsOfAxe(page, 'Results')));
  expect(found).toEqual([]);
  await context.close();
});
