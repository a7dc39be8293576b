// A newcomer's path with a model of the hub, in a real Chromium against a hub of our own: named, looked at, fetched, trained, exported, with the tab reloaded in
// the middle of each; nothing is asked of the hub before its user asks, and nothing of what is kept.

import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { readZip } from '../src/formats/zip.ts';
import { complaintsOfAxe } from './axe.ts';
import { launch, watch } from './browser.ts';
import { classLabel, datasetRepo, type FaultRule, feature } from './hub_double/server.ts';
import { type HubSite, serveWithHub, tinyBert } from './hub_models.ts';
import { paste, pause, rowsOfTwoTopics, setNumber, train, untilPhase, untilStep } from './steps.ts';

let served: HubSite;
let browser: Browser;

beforeAll(async () => {
  served = await serveWithHub({ tokens: { hf_reader: { user: 'me', canRead: 'all' } } });
  const files = await tinyBert();
  served.hub.add({ id: 'org/tiny', files, license: 'mit' });
  served.hub.add({ id: 'org/gated-tiny', files, gated: 'manual' });
  served.hub.add({ id: 'org/tiny-albert', files: { 'config.json': '{"model_type":"albert"}', 'model.safetensors': new Uint8Array(8) } });
  const row = (i: number) => ({ text: `film number ${i} is ${i % 2 === 0 ? 'dull' : 'fine'}`, label: i % 2, aside: 'not used' });
  const rows = (count: number) => Array.from({ length: count }, (_, i) => row(i));
  const features = { text: feature('string'), label: classLabel('bad', 'good'), aside: feature('string') };
  const splits = { train: rows(60), validation: rows(20) };
  served.hub.add(datasetRepo({ id: 'org/films', license: 'mit', configs: { default: { features, splits } } }));
  browser = await launch('software');
});

let faults: (() => void)[] = [];
const fault = (rule: FaultRule): (() => void) => {
  const end = served.hub.fault(rule);
  faults.push(end);
  return end;
};

afterEach(() => {
  for (const end of faults) end();
  faults = [];
});

afterAll(async () => {
  await browser?.close();
  await served?.close();
});

async function opened() {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });
  const { page, complaints } = await watch(context, served.site);
  page.on('dialog', (dialog) => void dialog.accept());
  await page.goto(served.site.address);
  // Those of the double are wanted.
  const { endpoint, cdn, datasetsServer } = served.hub;
  const others = () => complaints.filter((one) => ![endpoint, cdn, datasetsServer].some((wanted) => one.includes(wanted)));
  return { context, page, complaints: others };
}

const fromHub = (page: Page, what: 'Model' | 'Data'): Promise<void> =>
  page.getByRole('radiogroup', { name: what, exact: true }).getByRole('radio', { name: 'From the hub' }).click();

const panel = (page: Page) => page.getByRole('region', { name: 'Model', exact: true });

test('typed, looked at, fetched, trained, exported; reloaded in the middle of each it goes on where it was', async () => {
  const { hub } = served;
  const { context, page, complaints } = await opened();
  hub.clearRequests();
  await fromHub(page, 'Model');
  await page.getByRole('button', { name: 'google/bert_uncased_L-2_H-128_A-2' }).waitFor();
  await page.getByLabel('Model on the hub').fill('org/tiny');
  await page.reload();
  await fromHub(page, 'Model');
  await page.getByLabel('Model on the hub').fill('org/tiny');
  await page.getByText(/^Sends what you typed to 127\.0\.0\.1/).waitFor();
  expect(hub.requests, 'requests before anybody asked').toEqual([]);

  // Looked at: configuration and header, by ranges.
  await page.getByLabel('Model on the hub').press('Enter');
  await panel(page).getByText('bert, 2 layers, 32 wide').waitFor();
  await panel(page)
    .getByRole('button', { name: /^Fetch \d/ })
    .waitFor();
  const moved = hub.requests
    .filter(({ url }) => url.includes('safetensors') || url.includes('/repos/'))
    .reduce((sum, { sent }) => sum + sent, 0);
  expect(moved, 'bytes of the weights before they are asked for').toBeLessThan(300_000);
  expect(await complaintsOfAxe(page, 'a model of the hub')).toEqual([]);
  await page.setViewportSize({ width: 1440, height: 900 });

  // Fetched: paused by a reload, and not gone on with by itself.
  const slow = fault({ match: { host: 'cdn' }, fault: { kind: 'slow', bytes: 100_000, everyMs: 100 } });
  await panel(page)
    .getByRole('button', { name: /^Fetch \d/ })
    .click();
  await page.waitForFunction(() => Number(document.querySelector('[aria-label="Fetching org/tiny"]')?.getAttribute('aria-valuenow')) >= 30);
  await panel(page).getByRole('button', { name: 'Pause' }).click();
  await panel(page)
    .getByText(/^Paused at/)
    .waitFor();
  await page.reload();
  slow();
  hub.clearRequests();
  await page.getByText(/org\/tiny was chosen before, and [\d.]+ [kM]B of it are kept here/).waitFor();
  expect(hub.requests, 'requests of a page that was reloaded').toEqual([]);
  await page.getByRole('button', { name: 'Look up org/tiny' }).click();
  await panel(page).getByRole('button', { name: 'Go on fetching' }).click();
  await panel(page).getByText('Kept whole in this browser').waitFor();
  const again = hub.requests.filter(({ host }) => host === 'cdn').reduce((sum, { sent }) => sum + sent, 0);
  expect(again, 'bytes of the weights after the reload').toBeLessThan(3_600_000);

  // Trained, with the hub gone.
  const gone = fault({ fault: { kind: 'refuse' } });
  await page.reload();
  hub.clearRequests();
  await panel(page).getByText('Kept whole in this browser').waitFor();
  await paste(page, rowsOfTwoTopics(64));
  await page.getByText('to evaluate with, held back').waitFor();
  await setNumber(page, 'Batch size', 8);
  await setNumber(page, 'Max length', 16);
  await setNumber(page, 'Steps', 120);
  await train(page);
  await untilStep(page, 1);
  await pause(page);
  await page.reload();
  await page.getByRole('button', { name: /^Resume/ }).click();
  await untilPhase(page, 'finished');
  await page.getByRole('button', { name: 'See results and try it' }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export as zip' }).click();
  const zip = await (await download).path();

  // Imported while another model is chosen: the base is found by the hash of its weights.
  await page.getByRole('tab', { name: 'Choose' }).click();
  await page.getByRole('radio', { name: 'all-MiniLM-L6-v2' }).click();
  await page.getByRole('tab', { name: 'Results' }).click();
  await page.locator('input[accept=".zip,application/zip"]').setInputFiles(zip);
  await page.getByText('the same logits').waitFor({ timeout: 120_000 });
  expect(hub.requests, 'requests once the model was kept').toEqual([]);

  // Deleted: the saved run says what going on would fetch.
  await page.getByRole('tab', { name: 'Choose' }).click();
  await fromHub(page, 'Model');
  await page.getByRole('button', { name: /^Kept on this device: 1 item/ }).click();
  await page.getByRole('button', { name: /^Delete org\/tiny/ }).click();
  await page.getByText('its model is not kept on this device any more').waitFor();
  expect(hub.requests).toEqual([]);
  gone();
  await page.getByRole('button', { name: /^Fetch org\/tiny and open/ }).click();
  await untilPhase(page, 'finished');

  // The adapter by id, once it is on the hub, while another model is chosen.
  hub.add({ id: 'org/tiny-adapter', files: Object.fromEntries(await readZip('adapter.zip', await readFile(zip))) });
  await page.getByRole('tab', { name: 'Choose' }).click();
  await page.getByRole('radio', { name: 'all-MiniLM-L6-v2' }).click();
  await page.getByRole('tab', { name: 'Results' }).click();
  await page.getByLabel('Or an adapter on the hub').fill('org/tiny-adapter');
  await page.getByRole('button', { name: 'Import it' }).click();
  await page.getByText('the same logits').waitFor({ timeout: 120_000 });
  expect(complaints()).toEqual([]);
  await context.close();
});

test('a search marks what can be used; a gated model opens with a token; what is kept can be deleted', async () => {
  const { hub } = served;
  const { context, page } = await opened();
  await fromHub(page, 'Model');
  await page.getByLabel('Model on the hub').fill('tiny');
  await page.getByRole('button', { name: 'Search' }).click();
  const found = page.getByRole('region', { name: 'Models found' });
  await found.getByText("Can't be used. Its architecture, albert").waitFor();
  expect((await found.getByRole('button').allTextContents()).sort()).toEqual(['org/gated-tiny', 'org/tiny']);
  await found.getByRole('button', { name: 'org/gated-tiny' }).click();
  await page.getByText('is gated: its authors ask people to agree').first().waitFor();
  await page.getByRole('button', { name: /^Access token/ }).click();
  await page.getByLabel('Access token', { exact: true }).fill('hf_reader');
  expect(await complaintsOfAxe(page, 'a gated model')).toEqual([]);
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.getByRole('button', { name: 'Use these' }).click();
  await page.getByRole('button', { name: 'Access token and address: a token is in use' }).waitFor();
  await panel(page).getByText('bert, 2 layers, 32 wide').waitFor();
  await panel(page)
    .getByRole('button', { name: /^Fetch \d/ })
    .click();
  await panel(page).getByText('Kept whole in this browser').waitFor();
  expect(hub.requests.filter(({ host, authorization }) => host === 'cdn' && authorization !== undefined)).toEqual([]);
  await page.getByRole('button', { name: /^Kept on this device: 1 item/ }).click();
  await page.getByRole('button', { name: /^Delete org\/gated-tiny/ }).click();
  await page.getByText('Kept on this device: nothing yet').waitFor();
  await page.getByText('org/gated-tiny was chosen before, and none of it is kept here').waitFor();
  // The token was not to be remembered.
  await page.reload();
  await page.getByText('org/gated-tiny was chosen before').waitFor();
  await page.getByRole('button', { name: 'Access token and address', exact: true }).waitFor();
  await context.close();
});

test('a data set is looked up, its splits chosen, its first rows shown, and what is used of it read; a task of GLUE brings its own', async () => {
  const { hub } = served;
  const { context, page, complaints } = await opened();
  await fromHub(page, 'Data');
  await page.getByText("GLUE's eight tasks and five sets of questions are listed under What is to be learned.").waitFor();
  await page.getByLabel('Data set on the hub').fill('org/films');
  hub.clearRequests();
  await page.getByRole('button', { name: 'Look it up' }).click();
  await page.getByText('label: bad and good').waitFor();
  expect(await complaintsOfAxe(page, 'a data set of the hub')).toEqual([]);
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.getByRole('button', { name: 'Use it' }).click();
  await page.getByRole('heading', { name: '2 labels' }).waitFor();
  await page.getByText('60 to train on, 20 to evaluate with').waitFor();
  await page.getByRole('cell', { name: 'film number 3 is fine' }).waitFor();
  await page.reload();
  hub.clearRequests();
  await page.getByText('org/films was chosen before. The hub is not asked until you say so.').waitFor();
  expect(hub.requests).toEqual([]);
  await page.getByRole('button', { name: 'Look up org/films' }).click();
  await page.getByText('60 to train on, 20 to evaluate with').waitFor();
  await page.getByRole('button', { name: 'GLUE: eight tasks by name' }).click();
  await page.getByRole('radio', { name: 'SST-2' }).click();
  expect(hub.requests.filter(({ url }) => url.includes('glue'))).toEqual([]);
  await page.getByRole('button', { name: 'Use nyu-mll/glue sst2 from the hub' }).click();
  await page.getByText('nyu-mll/glue').first().waitFor();
  await page.getByRole('alert').filter({ hasText: 'nyu-mll/glue' }).first().waitFor();
  expect(complaints()).toEqual([]);
  await context.close();
});
