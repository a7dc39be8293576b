// Tasks of answers and of words in a real Chromium with the real worker, each from its card to a trained adapter, which is exported and imported again: answers
// chosen by a score or by their likelihood, texts that go on, texts written for texts; axe on each of their screens. Classes are in whole_path.e2e.ts, numbers in
// regression.e2e.ts.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { complaintsOfAxe } from './axe.ts';
import { launch, type Site, serve, watch } from './browser.ts';
import { type SmallModel, smallModels, writeSmallModel } from './small_models.ts';
import { exportAndImport, losses, setNumber, train, untilPhase } from './steps.ts';

const things = ['book', 'film', 'meal', 'song', 'trip', 'game'];
const colours = ['red', 'blue', 'green'];
const rows = Array.from({ length: 24 }, (_, i) => ({ thing: things[i % 6] as string, colour: colours[i % 3] as string }));

const questions = rows.map(({ thing, colour }) => ({ question: `what colour is the ${thing}`, choices: colours, answer: colour }));
/** As the file has them, an answer in a column. */
const inColumns = questions.map(({ question, answer }) => ({
  question,
  A: 'red',
  B: 'blue',
  C: 'green',
  answer: 'ABC'[colours.indexOf(answer)],
}));
const lines = (values: readonly object[]) => values.map((value) => JSON.stringify(value)).join('\n');
const stories = rows.map(({ thing, colour }) => `the ${thing} that i saw is ${colour} and the ${colour} one is mine`);
const summaries = rows.map(({ thing, colour }) => ({
  article: `the ${thing} that i saw is ${colour} all over`,
  summary: `a ${colour} ${thing}`,
}));
const words = [
  'Question: Answer:',
  ...questions.map(({ question }) => question),
  ...stories,
  ...summaries.flatMap((row) => Object.values(row)),
].join(' ');

let site: Site;
let browser: Browser;
let folder: string;
let context: BrowserContext;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  site = await serve();
  browser = await launch('software');
  folder = await mkdtemp(join(tmpdir(), 'retrace-tasks-'));
  for (const type of smallModels) await writeSmallModel(join(folder, type), type, words);
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });
  ({ page, complaints } = await watch(context, site));
  await page.goto(site.address);
});

afterEach(async () => {
  await context.close();
});

/** The model, the task by its card, and a file of rows; until what they are like is drawn. */
async function choose(of: { model: SmallModel; task: string; file: string; content: string }): Promise<void> {
  await page.getByRole('radio', { name: 'From your disk' }).click();
  await page.locator('input[webkitdirectory]').setInputFiles(join(folder, of.model));
  await page.getByText(`${of.model}, 2 layers`).waitFor();
  await page.getByRole('radio', { name: of.task, exact: true }).click();
  await page.getByRole('radio', { name: 'Your own' }).click();
  const path = join(folder, of.file);
  await writeFile(path, of.content);
  await page.locator('input[accept*=".jsonl"]').setInputFiles(path);
  await page.getByText('to evaluate with, held back').waitFor();
}

/** Trains for a few steps, and shows the results. Nothing of classes or numbers is among them. */
async function trainToResults(steps: number, metrics: readonly string[]): Promise<void> {
  await setNumber(page, 'Batch size', 4);
  await setNumber(page, 'Max length', 32);
  await setNumber(page, 'Steps', steps);
  await train(page);
  await untilPhase(page, 'finished');
  const curve = await losses(page);
  expect(curve).toHaveLength(steps);
  expect(curve.every(Number.isFinite)).toBe(true);
  await soundAt('Train, at its end');
  await page.getByRole('button', { name: 'See results and try it' }).click();
  const evaluation = page.getByRole('region', { name: 'Evaluation', exact: true });
  for (const metric of metrics) await evaluation.getByText(metric, { exact: true }).waitFor();
  expect(await evaluation.getByRole('table').count()).toBe(0);
  expect(await evaluation.getByRole('img').count()).toBe(0);
}

async function soundAt(what: string): Promise<void> {
  expect(await complaintsOfAxe(page, what)).toEqual([]);
  await page.setViewportSize({ width: 1440, height: 900 });
}

/** Asks a question of the data, and gives the answers with their probabilities, as they are shown. */
async function asked(): Promise<string[]> {
  await page.getByLabel('Your question').fill('what colour is the book');
  await page.getByLabel('Answer 1').fill('red');
  await page.getByLabel('Answer 2').fill('blue');
  await page.getByLabel('Answer 3').fill('green');
  const items = page.getByRole('list', { name: 'Probabilities' }).getByRole('listitem');
  await items.nth(2).waitFor();
  return items.allTextContents();
}

test('answers are chosen by a score for each, from answers in columns', async () => {
  await choose({ model: 'bert', task: 'Multiple choice', file: 'colours.jsonl', content: lines(inColumns) });
  expect(await page.getByRole('combobox', { name: 'Part of column B' }).textContent()).toContain('Answers');
  expect(await page.getByRole('combobox', { name: 'Part of column answer' }).textContent()).toContain('Right answer');
  await page.getByText('3 answers per question').waitFor();
  await soundAt('Choose, with answers in columns');
  await trainToResults(2, ['Accuracy']);
  const before = await asked();
  await soundAt('Results of scored answers');
  await exportAndImport(page);
  await page.getByRole('list', { name: 'Probabilities' }).waitFor();
  expect(await asked()).toEqual(before);
  expect(complaints).toEqual([]);
});

test('answers are chosen by their likelihood, on a model that writes, from a list', async () => {
  await choose({ model: 'gpt2', task: 'Question answering', file: 'questions.jsonl', content: lines(questions) });
  expect(await page.getByRole('combobox', { name: 'Part of column choices' }).textContent()).toContain('Answers');
  await page.getByRole('heading', { name: 'Tokens per right answer' }).waitFor();
  expect(await page.getByRole('radio', { name: 'Mean' }).count()).toBe(0);
  await soundAt('Choose, with a list of answers');
  await page.getByRole('radio', { name: 'LoRA', exact: true }).click();
  await trainToResults(3, ['Accuracy', 'Accuracy by length']);
  const before = await asked();
  await page.getByText(/By the log-likelihood of each answer/).waitFor();
  await soundAt('Results of answers');
  await exportAndImport(page);
  expect(await asked()).toEqual(before);
  expect(complaints).toEqual([]);
});

/** What the model writes behind a prompt, or for a text, once it is at its end. */
async function written(prompt: string, field = 'Your prompt'): Promise<string> {
  await page.getByLabel(field).fill(prompt);
  await page.getByRole('button', { name: 'Write', exact: true }).click();
  await page.getByText(/^\d+ tokens?; /).waitFor();
  return (await page.locator('.written').textContent()) ?? '';
}

test('texts are gone on with, from a file of lines', async () => {
  await choose({ model: 'gpt2', task: 'Language modelling', file: 'stories.txt', content: stories.join('\n') });
  await page.getByRole('radio', { name: 'LoRA', exact: true }).click();
  await soundAt('Choose, with texts alone');
  await trainToResults(3, ['Perplexity']);
  const text = await written('once upon a time');
  expect(text.length).toBeGreaterThan('once upon a time'.length);
  await soundAt('Results of texts');
  await exportAndImport(page);
  expect(await written('once upon a time')).toBe(text);
  expect(complaints).toEqual([]);
});

test('texts are written for texts, by an encoder and a decoder', async () => {
  await choose({ model: 'bart', task: 'Text to text', file: 'summaries.jsonl', content: lines(summaries) });
  expect(await page.getByRole('combobox', { name: 'Part of column summary' }).textContent()).toContain('Target');
  await page.getByRole('heading', { name: 'Tokens per target' }).waitFor();
  expect(await page.getByRole('radio', { name: 'Language modelling' }).isDisabled()).toBe(true);
  await soundAt('Choose, with texts to be written');
  await trainToResults(2, ['Exact match', 'Perplexity']);
  await page.getByText(/^Exact match is taken over \d+ texts? that the model wrote itself/).waitFor();
  const text = await written('a long day at the lake', 'Your text');
  await soundAt('Results of texts for texts');
  await exportAndImport(page);
  expect(await written('a long day at the lake', 'Your text')).toBe(text);
  expect(complaints).toEqual([]);
});
