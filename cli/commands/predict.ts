// predict: what an adapter says of texts given by --text, or of each row of a file: probabilities of classes, a number, which answer is chosen, or how likely
// a text is.

import { guessColumns } from '../../src/data/columns/guess.ts';
import { countRows } from '../../src/data/table/sample.ts';
import { columnIndex, type Table } from '../../src/data/table/table.ts';
import type { AskedText, DataProgress, Prediction } from '../../src/protocol/messages.ts';
import { beginningOf, openData, readRows, requireTexts, tellReading } from '../../src/session/rows.ts';
import { taskNamed } from '../../src/tasks/registry.ts';
import type { Task } from '../../src/tasks/task.ts';
import { namedColumns, sayColumns } from '../columns.ts';
import type { Console } from '../console.ts';
import { dataPlace, dataRef } from '../data.ts';
import { type Given, usage } from '../flags.ts';
import { countText, csvText, percentText, tableText } from '../format.ts';
import { nodeHost } from '../host.ts';
import { openSession, sayPreparing } from '../open_session.ts';
import { givenReading } from '../reading.ts';
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
  const [texts, pairs] = [listOf(given, 'text') ?? [], listOf(given, 'text-pair') ?? []];
  if (pairs.length > 0 && pairs.length !== texts.length) {
    throw usage(
      `${texts.length} times --text and ${pairs.length} times --text-pair were given.`,
      'Give one --text-pair for each --text.',
      '--text-pair',
    );
  }
  return texts.map((text, i) => ({ text, ...(pairs[i] === undefined ? {} : { text_pair: pairs[i] }) }));
}

interface AskedFile {
  readonly rows: AsyncIterable<readonly AskedRow[]>;
  readonly count: number;
}

/** Rows of a table, which need no label. Its faults show at once; its rows are read as they are predicted. */
async function rowsOfFile(given: Given, path: string, console: Console): Promise<AskedFile> {
  const data = await dataRef(await dataPlace(path, { flag: '--data', part: 'test', reading: givenReading(given), given }));
  const host = nodeHost(undefined, given);
  const { source: likely } = await openData(data, host);
  const { table } = await beginningOf(data, host, likely);
  const { columns, reasons } = guessColumns(table, namedColumns(given));
  const { label: _, ...texts } = columns;
  const { label: __, ...ofTexts } = reasons;
  const wanted = [texts.text, ...(texts.text_pair === undefined ? [] : [texts.text_pair])].map((column) => columnIndex(table, column));
  for (const at of wanted) requireTexts(likely, at);
  const onProgress = tellReading(likely.name, (progress) => sayPreparing(console, progress));
  const { source, count, notes } = await countRows(likely, { columns: wanted, onProgress });
  console.say(`data: ${countText(count)} rows; ${source.reading.said}`);
  for (const note of notes) console.say(`data: ${note}`);
  // On stderr with --json too: there, a line of stdout is a text's prediction.
  sayColumns(console, texts, ofTexts);
  const paired = texts.text_pair !== undefined;
  async function* asked() {
    for await (const { rows } of source.rows({ columns: wanted }))
      yield rows.map(({ number, cells }) => ({ row: number, text: cells[0] ?? '', ...(paired ? { text_pair: cells[1] ?? '' } : {}) }));
  }
  return { rows: asked(), count };
}

/** Rows of a table with what a task chooses among or writes, read whole. */
async function examplesOfFile(given: Given, path: string, task: Task, console: Console): Promise<AskedFile> {
  const data = await dataRef(await dataPlace(path, { flag: '--data', part: 'test', reading: givenReading(given), given }));
  const guess = (table: Table) => task.columnsOf(table, namedColumns(given), []);
  const onProgress = (progress: DataProgress) => sayPreparing(console, progress);
  const { table, columns, reasons, choice } = await readRows(task.reads?.(data) ?? data, nodeHost(undefined, given), { guess, onProgress });
  sayColumns(console, columns, reasons);
  const { examples } = task.examplesOf(table, choice, []);
  const asked = examples.map(({ text, textPair, choices, target }, i) => ({
    row: table.rowNumbers[i] ?? i + 1,
    text,
    ...(textPair === undefined ? {} : { text_pair: textPair }),
    ...(choices === undefined ? {} : { choices }),
    ...(target === undefined ? {} : { target }),
  }));
  return { rows: oneBatch(asked), count: asked.length };
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
  const { text, text_pair, choices, probabilities = [], log_likelihoods, value } = { log_likelihoods: undefined, ...prediction };
  const names = choices ?? labels;
  const ranked = probabilities.map((p, i) => [names[i] as string, p, log_likelihoods?.[i]] as const).sort((a, b) => b[1] - a[1]);
  const whole = (text_pair === undefined ? text : `${text} | ${text_pair}`).replace(/\s+/g, ' ');
  return [
    ...(row === undefined ? [] : [String(row)]),
    whole.length > 60 ? `${whole.slice(0, 59)}…` : whole,
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
    answer.probabilities === undefined
      ? [String(answer.value ?? answer.perplexity)]
      : [answer.label, String(answer.probabilities.reduce((a, b) => Math.max(a, b), 0))];
  return [String(row), text, text_pair ?? '', ...said, String(truncated)];
}

/** What the columns of answers are called, in a table for people and in a CSV. */
function answersOf(
  { head, problem_type, instead }: Task,
  labels: readonly string[],
): { header: readonly string[]; csv: readonly string[] } {
  const ranked = ['most likely', 'then', 'then'];
  if (problem_type === 'regression') return { header: ['value'], csv: ['value'] };
  if (head === 'sequence') return { header: ranked.slice(0, Math.min(shownLabels, labels.length)), csv: ['label', 'probability'] };
  const chooses = head === 'choices' || instead !== undefined;
  return chooses ? { header: ranked, csv: ['label', 'probability'] } : { header: ['perplexity', 'log-likelihood'], csv: ['perplexity'] };
}

export async function predict(given: Given, console: Console): Promise<number> {
  const path = textOf(given, 'data');
  const texts = textsGiven(given);
  if ((path === undefined) === (texts.length === 0)) {
    throw usage('Either texts or a file are predicted.', 'Give --text "...", or --data FILE.', path === undefined ? '--text' : '--data');
  }
  const { calls } = openSession(console, given);
  const { labels, task: name } = await openGiven(calls, given, console);
  const task = taskNamed(name);
  const ofFile = (from: string) =>
    task.head === 'sequence' ? rowsOfFile(given, from, console) : examplesOfFile(given, from, task, console);
  const asked = path === undefined ? { rows: oneBatch(texts), count: texts.length } : await ofFile(path);
  const answer = answersOf(task, labels);
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
  const header = ['text', ...answer.header];
  if (!csv) console.result(tableText([path === undefined ? header : ['row', ...header], ...shown]));
  return 0;
}
