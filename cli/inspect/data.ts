// A data file: its columns, what they are taken for, its classes. Every fault of a row is the error that training would meet.

import { checkRows } from '../../src/data/checks/checks.ts';
import { checkPictures, pictureRows } from '../../src/data/checks/pictures.ts';
import { checkedRows } from '../../src/data/checks/rows.ts';
import type { ColumnChoice, Example } from '../../src/data/examples.ts';
import { type PictureSurvey, surveyPictures } from '../../src/data/pictures/survey.ts';
import { sampleText } from '../../src/data/table/sample.ts';
import type { Table } from '../../src/data/table/table.ts';
import type { DataWarning } from '../../src/protocol/messages.ts';
import { countText, listText, plural } from '../../src/protocol/sentences.ts';
import { openData, readRows } from '../../src/session/data/rows.ts';
import { taskNamed } from '../../src/tasks/registry.ts';
import { columnsText, namedColumns, reasonLines } from '../columns.ts';
import type { Console } from '../console.ts';
import { dataPlace, dataRef, isOfPictures } from '../data.ts';
import type { Given } from '../flags.ts';
import { percentText, tableText } from '../format.ts';
import { nodeHost } from '../host.ts';
import { sayPreparing } from '../open_session.ts';
import { givenReading } from '../reading.ts';
import { textOf } from '../settings.ts';
import type { Finding } from './finding.ts';

const shownClasses = 30;

const FORMATS = { pictures: 'pictures', delimited: 'delimited text', json: 'JSON', 'json-lines': 'JSON Lines', parquet: 'Parquet' };

/** `each with 3 to 5 choices` */
function choicesText(examples: readonly Example[]): string[] {
  const counts = examples.flatMap(({ choices }) => choices?.length ?? []);
  if (counts.length === 0) return [];
  const [least, most] = [counts.reduce((a, b) => Math.min(a, b)), counts.reduce((a, b) => Math.max(a, b))];
  return [`  each with ${least === most ? least : `${least} to ${most}`} choices`];
}

/** Of pictures, what looks wrong with them: those that stand there twice, say. */
async function pictureWarnings(table: Table, { textColumn, labelColumn }: ColumnChoice): Promise<readonly DataWarning[]> {
  if (table.pictures === undefined || labelColumn === undefined) return [];
  return checkPictures(pictureRows(table, textColumn, labelColumn));
}

const sizeText = ({ width, height }: { readonly width: number; readonly height: number }): string =>
  `${countText(width)} × ${countText(height)}`;

/** Pictures that a line names. */
const namedPictures = 5;

/** Kinds and sizes, and files that are no whole pictures. */
function surveyLines({ kinds, smallest, largest, broken }: PictureSurvey): string[] {
  const ofKinds = Object.entries(kinds).map(([kind, count]) => `${countText(count)} ${kind.toUpperCase()}`);
  const sizes =
    smallest && largest
      ? [`${listText(ofKinds)}, ${sizeText(smallest)}${sizeText(smallest) === sizeText(largest) ? '' : ` to ${sizeText(largest)}`} pixels`]
      : [];
  const faults = broken.map(({ error }) => error.message.replace(/\.$/, ''));
  return [...sizes, ...(broken.length === 0 ? [] : [`broken: ${plural(broken.length, 'picture')}; ${listText(faults, namedPictures)}`])];
}

export async function inspectData(path: string, given: Given, console: Console): Promise<Finding> {
  const place = await dataPlace(path, { flag: path, part: 'train', reading: givenReading(given), given });
  const task = taskNamed(textOf(given, 'task'), isOfPictures(place) ? 'image' : 'text');
  const asked = await dataRef(place);
  const data = task.reads?.(asked) ?? asked;
  const host = nodeHost(undefined, given);
  const { source } = await openData(data, host, { inputs: task.inputs });
  const { table, columns, reasons, choice } = await readRows(task, data, host, {
    guess: (beginning: Table) => task.columnsOf(beginning, namedColumns(given)),
    onProgress: (progress) => sayPreparing(console, progress),
  });
  const { examples, labels } = task.examplesOf(table, choice);
  const warnings = [...(await pictureWarnings(table, choice)), ...checkRows(checkedRows(table, choice), task.checks.rows)];
  const survey = table.pictures && (await surveyPictures(table.pictures.values()));
  const { rows: count, sampledFrom = count.length, reading = source.reading, notes = [] } = table;
  const per_label = labels.map(() => 0);
  for (const { label } of labels.length > 0 ? examples : []) per_label[label] = (per_label[label] ?? 0) + 1;
  const order = labels.map((_, i) => i).sort((a, b) => (per_label[b] ?? 0) - (per_label[a] ?? 0));
  const rows = order
    .slice(0, shownClasses)
    .map((i) => [labels[i] as string, countText(per_label[i] ?? 0), percentText((per_label[i] ?? 0) / examples.length)]);
  return {
    warnings,
    object: {
      type: 'data',
      ...{ name: table.name, rows: sampledFrom, columns: source.columns.map(({ name }) => name), header: table.header },
      ...{ kinds: source.columns.map(({ is }) => is), reading, notes, roles: columns, reasons, labels, per_label, warnings },
      ...(count.length < sampledFrom ? { sampled: count.length } : {}),
      ...(survey ? { pictures: survey } : {}),
    },
    text: [
      `${path}: ${countText(sampledFrom)} rows of ${source.columns.length} columns (${source.columns.map(({ name, is }) => `${name}: ${is}`).join(', ')})`,
      `${FORMATS[reading.format]}: ${reading.said}`,
      ...notes,
      ...(survey ? surveyLines(survey) : []),
      ...(table.drawnFrom === undefined ? [] : sampleText(table)),
      ...(count.length < sampledFrom ? [`of these, ${countText(count.length)} rows drawn by chance (--max-rows) are counted below`] : []),
      `${columnsText(columns)}${labels.length > 0 ? `; ${labels.length} classes` : ''}`,
      ...choicesText(examples),
      ...reasonLines(columns, reasons).map((line) => `  ${line}`),
      ...(labels.length > 0
        ? [
            '',
            tableText([['class', 'rows', 'share'], ...rows]) +
              (labels.length > shownClasses ? `\nand ${labels.length - shownClasses} more` : ''),
          ]
        : []),
    ].join('\n'),
  };
}
