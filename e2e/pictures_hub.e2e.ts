// Pictures by way of the hub, on the page and without a GPU, against a hub of our own: from a model that reads texts to one that looks at pictures in a click, and
// a data set of pictures from its Parquet. Training on pictures is in pictures_page.e2e.ts.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { complaintsOfAxe } from './axe.ts';
import { launch, watch } from './browser.ts';
import { colourNames, picture } from './colours.ts';
import { classLabel, datasetRepo, feature, picture as image } from './hub_double/server.ts';
import { type HubSite, serveWithHub } from './hub_models.ts';
import { writeSmallVit } from './small_models.ts';

const deit = 'facebook/deit-tiny-patch16-224';
let served: HubSite;
let browser: Browser;

const rowsOf = (from: number, count: number) =>
  Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const labels = i % colourNames.length;
      const bytes = new Uint8Array(await picture(colourNames[labels] ?? 'red', from + i));
      return { image_file_path: `/tmp/${i}.png`, image: { bytes, path: `${i}.png` }, labels };
    }),
  );

beforeAll(async () => {
  served = await serveWithHub();
  const folder = await mkdtemp(join(tmpdir(), 'retrace-vit-'));
  await writeSmallVit(folder);
  const files = await Promise.all((await readdir(folder)).map(async (name) => [name, new Uint8Array(await readFile(join(folder, name)))]));
  served.hub.add({ id: deit, files: Object.fromEntries(files) });
  await rm(folder, { recursive: true });
  const features = { image_file_path: feature('string'), image, labels: classLabel(...colourNames) };
  const splits = { train: await rowsOf(0, 24), validation: await rowsOf(24, 6) };
  served.hub.add(datasetRepo({ id: 'org/colours', configs: { default: { features, splits } } }));
  browser = await launch('none');
});

afterAll(async () => {
  await browser?.close();
  await served?.close();
});

test('a click leads from a model of texts to one of pictures, with its task and data, and another click back', async () => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const { page } = await watch(context, served.site);
  await page.goto(served.site.address);
  const task = page.getByRole('radio', { name: 'Image classification' });
  await page.getByText(/^Not for this model: it is of pictures/).waitFor();
  expect(await task.isDisabled()).toBe(true);
  expect(served.hub.requests, 'requests before anybody asked').toEqual([]);
  await page.getByRole('button', { name: `Use ${deit} from the hub` }).click();
  await page.getByText('pictures of 12 × 12 in patches of 4, 10 tokens each').waitFor();
  expect(await task.isChecked()).toBe(true);
  await page.getByRole('img', { name: /^7: / }).first().waitFor();

  const data = page.getByRole('region', { name: 'Data', exact: true });
  await data.getByRole('radio', { name: 'From the hub' }).click();
  await page.getByLabel('Data set on the hub').fill('org/colours');
  await page.getByLabel('Data set on the hub').press('Enter');
  await data.getByRole('button', { name: 'Use it' }).click();
  await page.getByText('24 to train on, 6 to evaluate with').waitFor();
  expect(await data.getByRole('img', { name: /^green: / }).count()).toBe(8);
  await data.getByRole('combobox', { name: 'Part of column image', exact: true }).filter({ hasText: 'Picture' }).waitFor();
  await data.getByRole('radio', { name: 'Skip' }).click();
  await page.getByText('24 to train on, 6 to evaluate with').waitFor();

  await page.getByRole('textbox', { name: 'Image size' }).fill('22');
  await page.getByText('pictures of 22 × 22 in patches of 4, 26 tokens each').waitFor();
  await page.getByText('22 is no multiple of 4').waitFor();
  await page.getByText('At batch 16 and length 26').waitFor();
  expect(await complaintsOfAxe(page, 'Choose, with pictures of the hub')).toEqual([]);

  await page.setViewportSize({ width: 1440, height: 900 });
  await page.getByRole('button', { name: 'Use all-MiniLM-L6-v2' }).click();
  await page.getByText('bert, 6 layers').waitFor();
  expect(await page.getByRole('radio', { name: 'Classification', exact: true }).isChecked()).toBe(true);
  await page.getByRole('columnheader', { name: /^text/ }).waitFor();
  expect(await page.getByRole('textbox', { name: 'Image size' }).count()).toBe(0);
  expect(await page.getByRole('textbox', { name: 'Max length' }).count()).toBe(1);
  await context.close();
});
