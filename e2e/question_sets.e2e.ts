// The five sets of questions by name, on the page and without a GPU, against a hub of our own with the columns that the hub has: from a model that can't learn
// them to one that can, and each set with the columns that its card names. Training on questions is in tasks.e2e.ts.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { questionTasks } from '../src/protocol/hub_data.ts';
import { complaintsOfAxe } from './axe.ts';
import { launch, watch } from './browser.ts';
import { type DatasetSpec, datasetRepo, feature, listsOfText } from './hub_double/server.ts';
import { type HubSite, serveWithHub } from './hub_models.ts';
import { writeSmallModel } from './small_models.ts';

let served: HubSite;
let browser: Browser;

const text = feature('string');
const numbers = Array.from({ length: 12 }, (_, i) => i);
const choices = { text: ['sand', 'water', 'light'], label: ['A', 'B', 'C'] };
const rowsOf = (row: (i: number) => Record<string, unknown>) => ({ train: numbers.map(row), validation: numbers.slice(0, 4).map(row) });
const ofArc = {
  features: { id: text, question: text, choices: { feature: { text, label: text }, _type: 'Sequence' }, answerKey: text },
  splits: rowsOf((i) => ({ id: `${i}`, question: `What is wet on day ${i}?`, choices, answerKey: 'B' })),
};
const sets: readonly DatasetSpec[] = [
  {
    id: 'allenai/openbookqa',
    configs: {
      main: {
        features: { id: text, question_stem: text, choices: listsOfText('text', 'label'), answerKey: text },
        splits: rowsOf((i) => ({ id: `${i}`, question_stem: `What is wet on day ${i}?`, choices, answerKey: 'B' })),
      },
    },
  },
  {
    id: 'baber/piqa',
    configs: {
      default: {
        features: { goal: text, sol1: text, sol2: text, label: feature('int64') },
        splits: rowsOf((i) => ({ goal: `What is wet on day ${i}?`, sol1: 'sand', sol2: 'water', label: 1 })),
      },
    },
  },
  { id: 'allenai/ai2_arc', configs: { 'ARC-Easy': ofArc, 'ARC-Challenge': ofArc } },
  {
    id: 'allenai/sciq',
    configs: {
      default: {
        features: Object.fromEntries(
          ['question', 'distractor3', 'distractor1', 'distractor2', 'correct_answer', 'support'].map((name) => [name, text]),
        ),
        splits: rowsOf((i) => ({
          ...{ question: `What is wet on day ${i}?`, distractor1: 'sand', distractor2: 'light', distractor3: 'iron' },
          ...{ correct_answer: 'water', support: 'Water is wet.' },
        })),
      },
    },
  },
];

beforeAll(async () => {
  served = await serveWithHub();
  for (const set of sets) served.hub.add(datasetRepo(set));
  const folder = await mkdtemp(join(tmpdir(), 'retrace-sets-'));
  await writeSmallModel(
    folder,
    'gpt2',
    'Question: What is wet on day 0 1 2 3 4 5 6 7 8 9 10 11? Answer: sand water light iron Water is wet.',
  );
  const files = await Promise.all((await readdir(folder)).map(async (name) => [name, new Uint8Array(await readFile(join(folder, name)))]));
  served.hub.add({ id: 'distilbert/distilgpt2', files: Object.fromEntries(files) });
  await rm(folder, { recursive: true });
  browser = await launch('none');
});

afterAll(async () => {
  await browser?.close();
  await served?.close();
});

test('from a model that only reads to one that writes in a click, and each of the five sets from the hub with its own columns', async () => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const { page } = await watch(context, served.site);
  await page.goto(served.site.address);
  await page.getByRole('button', { name: 'Question answering: five sets by name' }).click();
  const suite = page.getByRole('radiogroup', { name: 'question answering', exact: true });
  await page
    .getByText(/^Not for this model: it needs a model that writes/)
    .last()
    .waitFor();
  expect(await suite.getByRole('radio', { name: 'SciQ' }).isDisabled()).toBe(true);
  expect(await complaintsOfAxe(page, 'Tasks that are not for the model')).toEqual([]);
  await page.setViewportSize({ width: 1440, height: 900 });
  expect(served.hub.requests, 'requests before anybody asked').toEqual([]);
  await page.getByRole('button', { name: 'Use distilbert/distilgpt2 from the hub' }).last().click();
  await page.getByText('gpt2, 2 layers').waitFor();
  expect(await page.getByText(/^Not for this model: it (?!is of pictures)/).count()).toBe(0);

  for (const { title, id, config, columns } of questionTasks) {
    await suite.getByRole('radio', { name: title, exact: true }).click();
    const name = config === 'default' ? id : `${id} ${config}`;
    await page.getByRole('button', { name: `Use ${name} from the hub` }).click();
    await page.getByRole('button', { name: `In use: ${name} from the hub` }).waitFor();
    const { text: first, text_pair, label = '', choices: answers = [] } = columns;
    const parts: readonly (readonly [string, string | undefined])[] = [
      ['Text', first],
      ['Second text', text_pair],
      ['Right answer', label],
      ...answers.filter((answer) => answer !== label).map((answer) => ['Answers', answer] as const),
    ];
    for (const [part, column] of parts) {
      if (column !== undefined)
        await page
          .getByRole('combobox', { name: `Part of column ${column}`, exact: true })
          .filter({ hasText: part })
          .waitFor();
    }
    await page.getByRole('cell', { name: 'What is wet on day 3?' }).waitFor();
    const most = answers.length === 1 ? choices.text.length : answers.length;
    await page.getByRole('heading', { name: `${most} answers per question` }).waitFor();
    await page.getByText('12 to train on, 4 to evaluate with').waitFor();
  }
  await context.close();
});
