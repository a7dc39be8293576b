// predict: what an adapter says of texts given by --text, of pictures given by --image, or of each row of a file: probabilities of classes, a number, which answer is chosen, the text that
// it writes for it, or how likely one that is given is.

import { existsSync, openAsBlob, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { inputWord } from '../../src/protocol/cards.ts';
import type { Columns } from '../../src/protocol/config.ts';
import type { AskedText, DataProgress, Prediction } from '../../src/protocol/messages.ts';
import { countText } from '../../src/protocol/sentences.ts';
import { openAskedRows } from '../../src/session/data/asked_rows.ts';
import { imageClassification } from '../../src/tasks/image_classification.ts';
import { taskNamed } from '../../src/tasks/registry.ts';
import type { Task } from '../../src/tasks/task.ts';
import { namedColumns, sayColumns, wholeColumns } from '../columns.ts';
import type { Console } from '../console.ts';
import { dataPlace, dataRef } from '../data.ts';
import { type Given, usage } from '../flags.ts';
import { noSuchFile } from '../folders.ts';
import { csvText, percentText, tableText } from '../format.ts';
import { nodeHost } from '../host.ts';
import { openSession, sayPreparing } from '../open_session.ts';
import { checkpointFolder } from '../out_folder.ts';
import { givenReading } from '../reading.ts';
import { readRecord } from '../run_folder.ts';
import { listOf, textOf } from '../settings.ts';
import { openGiven } from './evaluate.ts';

interface AskedRow extends AskedText {
  /** Of the file, where the text comes from one. */
  readonly row?: number;
}

/** Texts between two lines of progress. */
const chunk = 64;
/** Probabilities shown of each text. */
const shownLabels = 3;

function textsGiven(given: Given): AskedRow[] {
  const [texts, pairs, choices] = [listOf(given, 'text') ?? [], listOf(given, 'text-pair') ?? [], listOf(given, 'choice')];
  if (pairs.length > 0 && pairs.length !== texts.length) {
    throw usage(
      `${texts.length} times --text and ${pairs.length} times --text-pair were given.`,
      'Give one --text-pair for each --text.',
      '--text-pair',
    );
  }
  if (choices !== undefined && texts.length === 0)
    throw usage('--choice is of --text; a file has a column of answers.', 'Leave it out.', '--choice');
  return texts.map((text, i) => ({
    text,
    ...(pairs[i] === undefined ? {} : { text_pair: pairs[i] }),
    ...(choices === undefined ? {} : { choices }),
  }));
}

/** Pictures by their paths; of a folder all that are in it, whatever folders they lie in. Errors: `no-such-file`, those of a folder of pictures. */
async function picturesGiven(paths: readonly string[], given: Given): Promise<AskedRow[]> {
  const ofPath = async (path: string): Promise<AskedRow[]> => {
    if (!existsSync(path)) throw noSuchFile(path, '--image', 'Give a picture (JPEG, PNG, WebP, GIF), or a folder of them.');
    if (!statSync(path).isDirectory()) return [{ text: path, picture: await openAsBlob(path) }];
    const data = await dataRef({ kind: 'pictures', path: resolve(path) });
    const { rows } = await openAskedRows({ task: imageClassification, data, named: {} }, nodeHost(undefined, given));
    const all: AskedRow[] = [];
    for await (const batch of rows()) all.push(...batch.map(({ row: _, ...one }) => ({ ...one, text: join(path, one.text) })));
    return all;
  };
  return (await Promise.all(paths.map(ofPath))).flat();
}

interface Asked {
  readonly rows: AsyncIterable<readonly AskedRow[]>;
  readonly count: number;
  /** Whether the texts that might be written stand there. */
  readonly targets: 'given' | 'none';
}

/** The columns that the run of an adapter's folder learned from, where its record is there. */
async function trainedColumns(adapter: string | undefined): Promise<Columns | undefined> {
  const record = adapter === undefined ? undefined : await readRecord(checkpointFolder(adapter)).catch(() => undefined);
  return record && wholeColumns(record.settings.columns, { needed: [], optional: [] });
}

/** Rows of a table, which need not hold what is predicted. Faults of the file show at once; its rows are read as they are predicted. */
async function rowsOfFile(given: Given, path: string, task: Task, console: Console): Promise<Asked> {
  const data = await dataRef(await dataPlace(path, { flag: '--data', part: 'test', reading: givenReading(given), given }));
  const onProgress = (progress: DataProgress) => sayPreparing(console, progress);
  const usual = await trainedColumns(textOf(given, 'adapter'));
  const asked = await openAskedRows({ task, data, named: namedColumns(given), usual }, nodeHost(undefined, given), onProgress);
  const [how, ...notes] = asked.reading;
  console.say(`data: ${countText(asked.count)} rows; ${how}`);
  for (const note of notes) console.say(`data: ${note}`);
  // On stderr with --json too: there, a line of stdout is a text's prediction.
  sayColumns(console, asked.columns, asked.reasons);
  return { rows: asked.rows(), count: asked.count, targets: asked.columns.target === undefined ? 'none' : 'given' };
}

async function* oneBatch(texts: readonly AskedRow[]): AsyncGenerator<readonly AskedRow[]> {
  yield texts;
}

/** Cuts what comes into pieces that are predicted together. */
async function* chunked(batches: AsyncIterable<readonly AskedRow[]>): AsyncGenerator<AskedRow[]> {
  let held: AskedRow[] = [];
  for await (const batch of batches) {
    for (const one of batch) {
      held.push(one);
      if (held.length < chunk) continue;
      yield held;
      held = [];
    }
  }
  if (held.length > 0) yield held;
}

/** A row of the table for people: the number of the row in the file first, where there is one. */
function rowOf(prediction: Prediction, row: number | undefined, labels: readonly string[]): string[] {
  const {
    text,
    text_pair,
    choices,
    probabilities = [],
    log_likelihoods,
    value,
    written,
  } = {
    ...{ log_likelihoods: undefined, written: undefined },
    ...prediction,
  };
  const names = choices ?? labels;
  const ranked = probabilities.map((p, i) => [names[i] as string, p, log_likelihoods?.[i]] as const).sort((a, b) => b[1] - a[1]);
  const whole = (text_pair === undefined ? text : `${text} | ${text_pair}`).replace(/\s+/g, ' ');
  return [
    ...(row === undefined ? [] : [String(row)]),
    whole.length > 60 ? `${whole.slice(0, 59)}…` : whole,
    ...(written === undefined ? [] : [written.replace(/\s+/g, ' ')]),
    ...(value === undefined ? [] : [value.toFixed(4)]),
    ...(prediction.perplexity === undefined ? [] : [prediction.perplexity.toFixed(4), prediction.log_likelihood.toFixed(4)]),
    ...Array.from({ length: Math.min(shownLabels, names.length) }, (_, i) => {
      const [name = '', p = 0, sum] = ranked[i] ?? [];
      return ranked[i] === undefined ? '' : `${name} ${percentText(p)}${sum === undefined ? '' : ` (${sum.toFixed(2)})`}`;
    }),
  ];
}

const csvHeader = (answers: readonly string[]) => ['row', 'text', 'text_pair', ...answers, 'truncated'];

function csvRow({ text, text_pair, truncated, ...answer }: Prediction, row: number): string[] {
  const said =
    answer.probabilities !== undefined
      ? [answer.label, String(answer.probabilities.reduce((a, b) => Math.max(a, b), 0))]
      : ['written' in answer ? answer.written : String(answer.value ?? answer.perplexity)];
  return [String(row), text, text_pair ?? '', ...said, String(truncated)];
}

/** What the columns of answers are called, in a table for people and in a CSV. */
function answersOf(
  { head, parts, problem_type, scoreWritten }: Task,
  labels: readonly string[],
  targets: Asked['targets'],
): { header: readonly string[]; csv: readonly string[] } {
  const ranked = ['most likely', 'then', 'then'];
  if (problem_type === 'regression') return { header: ['value'], csv: ['value'] };
  if (head === 'sequence') return { header: ranked.slice(0, Math.min(shownLabels, labels.length)), csv: ['label', 'probability'] };
  if (parts.needed.includes('choices')) return { header: ranked, csv: ['label', 'probability'] };
  const writes = scoreWritten !== undefined && targets === 'none';
  return writes ? { header: ['written'], csv: ['written'] } : { header: ['perplexity', 'log-likelihood'], csv: ['perplexity'] };
}

export async function predict(given: Given, console: Console): Promise<number> {
  const path = textOf(given, 'data');
  const texts = [...textsGiven(given), ...(await picturesGiven(listOf(given, 'image') ?? [], given))];
  if ((path === undefined) === (texts.length === 0)) {
    throw usage(
      'Either texts, pictures or a file are predicted.',
      'Give --text "...", --image FILE, or --data FILE.',
      path === undefined ? '--text' : '--data',
    );
  }
  const { calls } = openSession(console, given);
  const { labels, task: name } = await openGiven(calls, given, console);
  const task = taskNamed(name);
  if (listOf(given, 'choice') !== undefined && !task.parts.needed.includes('choices'))
    throw usage(`--choice changes nothing: the task ${name} chooses among no answers.`, 'Leave it out.', '--choice');
  const ofTexts: Asked = { rows: oneBatch(texts), count: texts.length, targets: 'none' };
  const asked = path === undefined ? ofTexts : await rowsOfFile(given, path, task, console);
  const answer = answersOf(task, labels, asked.targets);
  const csv = given['csv'] === true;
  const shown: string[][] = [];
  let [done, cut] = [0, 0];
  if (csv) console.result(csvText([csvHeader(answer.csv)]));
  for await (const batch of chunked(asked.rows)) {
    const answers = await calls.predict({ texts: batch.map(({ row: _, ...text }) => text) });
    for (const [i, { text, text_pair, truncated, logits: _, ...said }] of answers.entries()) {
      const row = batch[i]?.row;
      const ofClasses = said.probabilities !== undefined && said.choices === undefined;
      const probabilities = ofClasses
        ? { probabilities: Object.fromEntries(said.probabilities.map((p, k) => [labels[k] as string, p])) }
        : {};
      console.event({
        type: 'prediction',
        ...(row === undefined ? {} : { row }),
        text,
        ...(text_pair === undefined ? {} : { text_pair }),
        ...said,
        ...probabilities,
        truncated,
      });
    }
    if (csv) console.result(csvText(answers.map((answer, i) => csvRow(answer, batch[i]?.row ?? done + i + 1))));
    else shown.push(...answers.map((answer, i) => rowOf(answer, batch[i]?.row, labels)));
    done += answers.length;
    cut += answers.filter(({ truncated }) => truncated).length;
    if (asked.count > chunk) console.progress({ label: 'predicting', done, of: asked.count });
  }
  if (cut > 0) console.say(`${countText(cut)} of ${countText(done)} texts are longer than the adapter's length and were cut there`);
  const header = [inputWord[task.inputs], ...answer.header];
  if (!csv) console.result(tableText([path === undefined ? header : ['row', ...header], ...shown]));
  return 0;
}
