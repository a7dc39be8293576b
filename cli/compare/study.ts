// compare --study init: the study of starting points as a table, CSV, JSON and picture. The study itself is the session's.

import { writeFile } from 'node:fs/promises';
import type { RunEvent } from '../../src/protocol/messages.ts';
import { plural } from '../../src/protocol/sentences.ts';
import type { StudyPoint, StudyReport, StudyRequest } from '../../src/protocol/study.ts';
import { panelsOf, valueText } from '../../src/protocol/study_panels.ts';
import { studySeries } from '../../src/session/run/study_series.ts';
import { sayColumns } from '../columns.ts';
import type { Console } from '../console.ts';
import { columnFlags, type Given, usage } from '../flags.ts';
import { markdownTable, scoreText, tableText } from '../format.ts';
import { openSession, sayDevice } from '../open_session.ts';
import { flagOf, givenOptions, optionNames, readingFlags } from '../option_flags.ts';
import { drawPanels, type Line, type Measure } from '../pictures/panels.ts';
import { configOf, listOf, numberOf, settingsOf, textOf } from '../settings.ts';

/** Enough steps to tell starts apart, few enough that the whole study takes minutes. */
const fewSteps = 20;
const fewExamples = 128;
const ofPlans = [
  'policies',
  'granularities',
  'memory-policy',
  'checkpoint-every',
  'snapshot-every',
  'micro-batch-size',
  'granularity',
  'chunks',
  'token-chunk',
  'num-hidden-layers',
  'num-labels',
  'sort',
];
const ofStudy = [
  ...['data', 'eval-data', 'task', 'eval-examples'],
  ...Object.keys({ ...columnFlags, ...readingFlags }),
  ...['max-steps', 'learning-rate', 'weight-decay', 'warmup-ratio', 'max-grad-norm', 'seed'],
];

/** Error `usage` where a flag is given that only a study reads. */
export function requireOfPlans(given: Given): void {
  const other = ofStudy.find((name) => given[name] !== undefined);
  if (other) throw usage(`--${other} says something of training; plans train nothing.`, `Leave it out, or add --study init.`, `--${other}`);
}

/** Error `usage` where a flag is given that the study does not read, or a number that makes no sense of it. */
function requireOfStudy(given: Given): void {
  const other = ofPlans.find((name) => given[name] !== undefined);
  if (other) throw usage(`--${other} says something of plans; --study init makes none.`, `Leave --${other} out.`, `--${other}`);
  const [option] = Object.keys(givenOptions(given, optionNames)).map(flagOf);
  if (option) throw usage(`${option} changes nothing in --study init, which sets each start itself.`, `Leave it out.`, option);
  for (const name of ['max-steps', 'eval-examples']) {
    const value = numberOf(given, name) ?? 0;
    if (!(Number.isInteger(value) && value >= 0))
      throw usage(`--${name} is ${value}; whole numbers from 0 are allowed.`, 'Correct this value; see --help.', `--${name}`);
  }
}

const distanceText = (value: number): string =>
  value === 0 ? '0' : value < 1e-3 || value >= 1e4 ? value.toExponential(0) : String(Number(value.toPrecision(3)));

const after = ({ max_steps }: StudyReport): string => `after ${plural(max_steps, 'step')}`;

interface Row extends StudyPoint {
  readonly title: string;
  readonly over: string;
}

const rowsOf = ({ series }: StudyReport): Row[] =>
  series.flatMap(({ title, over, points }) => points.map((point) => ({ ...point, title, over })));

function tableOf(report: StudyReport): string[][] {
  const scored = report.max_steps > 0;
  const header = [
    'start',
    'moved',
    'own start',
    'distance, relative',
    'largest difference',
    ...(scored ? [`${report.metric} ${after(report)}`, 'loss'] : []),
  ];
  return [
    header,
    ...rowsOf(report).map(({ title, over, value, own_start, distance, score, error }) => [
      title,
      `${over} = ${valueText(value)}`,
      own_start ? 'yes' : '',
      distance ? distanceText(distance.relative) : (error?.code ?? ''),
      distance ? distanceText(distance.largest) : '',
      ...(scored ? (score ? [scoreText(score.metric, score.value), score.loss.toFixed(3)] : [error?.code ?? '', '']) : []),
    ]),
  ];
}

/** Plain numbers; no value holds a comma. */
function csvOf(report: StudyReport): string {
  const rows = rowsOf(report).map(({ series, over, value, own_start, distance, score, error }) =>
    [series, over, value, own_start, distance?.relative, distance?.largest, score?.value, score?.loss, error?.code]
      .map((cell) => String(cell ?? ''))
      .join(','),
  );
  return [`series,over,value,own_start,relative_distance,largest_difference,${report.metric},loss,error`, ...rows].join('\n');
}

export function studyPicture(report: StudyReport): string {
  const panels = panelsOf(report.series);
  const measure = (
    title: string,
    scale: Measure['scale'],
    text: Measure['text'],
    of: (point: StudyPoint) => number | undefined,
  ): Measure => ({
    ...{ title, scale, text },
    lines: panels.map(({ lines }) =>
      lines.map(
        ({ name, points }): Line => ({
          name,
          values: points.map((point) => point && of(point)),
          marked: points.findIndex((point) => point?.own_start),
        }),
      ),
    ),
  });
  const measures = [
    measure(
      'Distance of the outputs from the pretrained ones at step 0, relative',
      'log',
      distanceText,
      ({ distance }) => distance?.relative,
    ),
    ...(report.max_steps > 0
      ? [
          measure(
            `${report.metric} ${after(report)}`,
            'linear',
            (value) => scoreText(report.metric, value),
            ({ score }) => score?.value,
          ),
        ]
      : []),
  ];
  const subtitle = `${report.model}, ${report.data}; ${report.texts} texts${report.max_steps > 0 ? `, scores over ${report.eval_examples} examples` : ''}; ringed: the method's own start`;
  return drawPanels(
    { title: 'Where methods start, and what they reach from there', subtitle },
    panels.map(({ over, values }) => ({ over, steps: values.map(valueText) })),
    measures,
  );
}

async function requestOf(given: Given, open: ReturnType<typeof openSession>, console: Console): Promise<StudyRequest> {
  const settings = await settingsOf(given, (await open.calls.catalogue(undefined)).methods, open.reads);
  const { model, pooling, image_size, data, eval_data, task, training } = await configOf(settings);
  const { guess: columns, reasons } = await open.calls.previewData({ data, named: settings.columns, task });
  sayColumns(console, columns, reasons);
  const { learning_rate: _, ...rest } = training;
  const [methods, rate] = [
    listOf(given, 'methods') ?? (given['method'] === undefined ? ['all'] : [String(given['method'])]),
    numberOf(given, 'learning-rate'),
  ];
  const known = [...new Set(studySeries.map(({ method }) => method))];
  const strange = methods.filter((name) => name !== 'all' && !known.includes(name)).join(', ');
  if (strange)
    throw usage(
      `The study has no starts of ${strange}; it has those of ${known.join(', ')}.`,
      `Use some of ${known.join(', ')}.`,
      '--methods',
    );
  const series = studySeries.filter(({ method }) => methods.includes('all') || methods.includes(method)).map(({ name }) => name);
  return {
    ...{ model, data, columns, task, series },
    ...(pooling === undefined ? {} : { pooling }),
    ...(image_size === undefined ? {} : { image_size }),
    ...(eval_data === undefined ? {} : { eval_data }),
    training: { ...rest, max_steps: numberOf(given, 'max-steps') ?? fewSteps },
    ...(rate === undefined ? {} : { learning_rate: rate }),
    eval_examples: numberOf(given, 'eval-examples') ?? fewExamples,
  };
}

export async function studyStarts(given: Given, console: Console): Promise<number> {
  requireOfStudy(given);
  const onEvent = (event: RunEvent): void => {
    if (event.type !== 'study') return;
    console.event(event);
    const { series, value, distance, score } = event.point;
    const far = distance ? `distance ${distanceText(distance.relative)}` : 'out of range';
    console.say(
      `${event.done}/${event.of}  ${series} ${valueText(value)}: ${far}${score ? `, ${score.metric} ${scoreText(score.metric, score.value)}` : ''}`,
    );
  };
  const open = openSession(console, given, { onEvent });
  const request = await requestOf(given, open, console);
  await sayDevice(open.calls, console);
  const report = await open.calls.study(request);
  console.event({ type: 'study-report', ...report });
  if (given['csv'] === true) console.result(csvOf(report));
  else console.result(given['markdown'] === true ? markdownTable(tableOf(report)) : tableText(tableOf(report)));
  const path = textOf(given, 'picture');
  if (path !== undefined) {
    await writeFile(path, studyPicture(report));
    console.say(`picture: ${path}`);
  }
  return 0;
}
