// predict: class probabilities of texts given by --text, or of each row of a file.

import { guessColumns } from '../../src/data/columns/guess.ts';
import { columnIndex } from '../../src/data/table.ts';
import type { Prediction } from '../../src/protocol/messages.ts';
import { readTable } from '../../src/session/data.ts';
import { namedColumns, sayColumns } from '../columns.ts';
import type { Console } from '../console.ts';
import { type Given, usage } from '../flags.ts';
import { dataPlace, dataRef } from '../folders.ts';
import { countText, percentText, tableText } from '../format.ts';
import { nodeHost } from '../host.ts';
import { openSession } from '../open_session.ts';
import { listOf, textOf } from '../settings.ts';
import { importGiven } from './evaluate.ts';

interface AskedText {
  readonly text: string;
  readonly text_pair?: string;
}

/** Texts between two lines of progress. */
const chunk = 64;
/** Probabilities shown of each text. */
const shownLabels = 3;

function textsGiven(given: Given): AskedText[] {
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

/** Rows of a table need no label. */
async function textsOfFile(given: Given, path: string, console: Console): Promise<AskedText[]> {
  const table = await readTable(await dataRef(dataPlace(path, '--data', 'test', given['no-header'] !== true)), nodeHost());
  const { columns, reasons } = guessColumns(table, namedColumns(given));
  const { label: _, ...texts } = columns;
  const { label: __, ...ofTexts } = reasons;
  sayColumns(console, texts, ofTexts);
  const [at, pairAt] = [columnIndex(table, texts.text), texts.text_pair === undefined ? undefined : columnIndex(table, texts.text_pair)];
  return table.rows.map((row) => ({ text: row[at] ?? '', ...(pairAt === undefined ? {} : { text_pair: row[pairAt] ?? '' }) }));
}

function rowOf({ text, text_pair, probabilities }: Prediction, labels: readonly string[]): string[] {
  const ranked = probabilities.map((p, i) => [labels[i] as string, p] as const).sort((a, b) => b[1] - a[1]);
  const whole = text_pair === undefined ? text : `${text} | ${text_pair}`;
  return [
    whole.length > 60 ? `${whole.slice(0, 59)}…` : whole,
    ...Array.from({ length: Math.min(shownLabels, labels.length) }, (_, i) =>
      ranked[i] ? `${ranked[i][0]} ${percentText(ranked[i][1])}` : '',
    ),
  ];
}

export async function predict(given: Given, console: Console): Promise<number> {
  const path = textOf(given, 'data');
  const texts = textsGiven(given);
  if ((path === undefined) === (texts.length === 0)) {
    throw usage('Either texts or a file are predicted.', 'Give --text "...", or --data FILE.', path === undefined ? '--text' : '--data');
  }
  const asked = path === undefined ? texts : await textsOfFile(given, path, console);
  const { calls } = openSession(console);
  const { labels } = await importGiven(calls, given, console);
  const predictions: Prediction[] = [];
  for (let begin = 0; begin < asked.length; begin += chunk) {
    const answers = await calls.predict({ texts: asked.slice(begin, begin + chunk) });
    for (const { text, text_pair, label, probabilities, truncated } of answers) {
      const byLabel = Object.fromEntries(probabilities.map((p, i) => [labels[i] as string, p]));
      console.event({
        type: 'prediction',
        text,
        ...(text_pair === undefined ? {} : { text_pair }),
        label,
        probabilities: byLabel,
        truncated,
      });
    }
    predictions.push(...answers);
    if (asked.length > chunk) console.progress({ label: 'predicting', done: predictions.length, of: asked.length });
  }
  const cut = predictions.filter(({ truncated }) => truncated).length;
  if (cut > 0) console.say(`${countText(cut)} of ${countText(asked.length)} texts are longer than the adapter's length and were cut there`);
  const header = ['text', ...['most likely', 'then', 'then'].slice(0, Math.min(shownLabels, labels.length))];
  console.result(tableText([header, ...predictions.map((prediction) => rowOf(prediction, labels))]));
  return 0;
}
