// Runs of learning as rows of a table, for measurements that train several models, tasks or methods (learning_glue.ts, learning_decoders.ts,
// learning_pictures.ts): each run is made by `retrace train`, kept in docs/learning/FOLDER, and printed beside PyTorch's run of the same recipe in
// python/vectors/quality/FOLDER. Not a measurement. Invariant: a run's file has its name on both sides, and of the data nothing is kept but losses and scores.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { markdownTable } from '../cli/format.ts';
import { countText } from '../src/protocol/sentences.ts';
import { taskNamed } from '../src/tasks/registry.ts';
import { deviceName, type Trained, trainedBy } from './trained.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

/** One run to be made. */
export interface Cell {
  readonly task: string;
  readonly method: string;
  readonly learning_rate: number;
  readonly steps: number;
}

type Scores = Readonly<Record<string, number>>;

/** What one run, ours or PyTorch's, showed. `before`: the scores of the checkpoint itself, where the run begins at it and the task is the checkpoint's own. */
interface Learned {
  readonly metrics: Scores;
  readonly before?: Scores;
  /** Scores by other seeds, where it was asked how much is chance. */
  readonly other_seeds?: Readonly<Record<string, Scores>>;
  readonly loss: readonly number[];
}

interface Ours extends Learned {
  readonly device: string;
  readonly trainable_parameters: number;
  /** Every byte of the run's plan, evaluation included. */
  readonly bytes: number;
}

/** A run that was made, and PyTorch's of the same name where there is one. */
export type Made<C extends Cell> = { readonly cell: C; readonly ours: Ours; readonly twin: Learned | undefined };

export interface Measurement<C extends Cell> {
  readonly folder: string;
  readonly cells: readonly C[];
  /** As people name the run: `sst2/meft1`. */
  readonly nameOf: (cell: C) => string;
  /** What `retrace train` is told beside method, learning rate and steps; `from` is the folder that the command names. */
  readonly flagsOf: (cell: C, from: string) => readonly string[];
  /** Whether what the checkpoint makes of the task before it learns is worth a look. */
  readonly scoredBefore?: (cell: C) => boolean;
}

const fileOf = <C extends Cell>({ nameOf }: Measurement<C>, cell: C): string => `${nameOf(cell).replaceAll('/', '-')}.json`;
const read = <T>(path: string): T | undefined => (existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : undefined);

/** A step of the warm-up alone, whose learning rate is 0: runs are scored behind their last step, and one without a step has none. */
const standingStill = ['--max-steps', '1', '--warmup-ratio', '1'];

/** Those that an evaluation gives by itself: it writes no texts unless it is asked to. */
const metricsOf = ({ task }: Cell, { scores }: Trained): Scores =>
  Object.fromEntries(
    taskNamed(task).metrics.flatMap(({ name }) => {
      const score = scores[name];
      return score === undefined ? [] : [[name, score]];
    }),
  );

/** What `retrace train` is told of a run but its steps. */
const allFlags = <C extends Cell>({ flagsOf }: Measurement<C>, cell: C, from: string): readonly string[] => [
  ...flagsOf(cell, from),
  ...['--method', cell.method, '--learning-rate', String(cell.learning_rate)],
];

async function learn<C extends Cell>(measurement: Measurement<C>, cell: C, from: string): Promise<Ours> {
  const { nameOf, scoredBefore } = measurement;
  const { steps } = cell;
  const flags = allFlags(measurement, cell, from);
  const device = await deviceName();
  const before = scoredBefore?.(cell)
    ? { before: metricsOf(cell, await trainedBy(`${nameOf(cell)}/before`, [...flags, ...standingStill])) }
    : {};
  const trained = await trainedBy(nameOf(cell), [...flags, '--max-steps', String(steps)]);
  const { trainable_parameters, bytes } = trained.plan;
  const loss = trained.steps.map((step) => Number(step.loss.toFixed(4)));
  return { ...cell, device, trainable_parameters, bytes: bytes.total, ...before, metrics: metricsOf(cell, trained), loss };
}

/** A run that was made, with its scores by another seed. */
async function learnAgain<C extends Cell>(
  measurement: Measurement<C>,
  cell: C,
  from: string,
  made: Ours | undefined,
  seed: string,
): Promise<Ours> {
  if (!made) throw new Error(`Make the run '${measurement.nameOf(cell)}' before its other seeds.`);
  const flags = [...allFlags(measurement, cell, from), '--max-steps', String(cell.steps), '--seed', seed];
  const scores = metricsOf(cell, await trainedBy(`${measurement.nameOf(cell)}@${seed}`, flags));
  return { ...made, other_seeds: { ...made.other_seeds, [seed]: scores } };
}

/** Makes the runs of these names, or all; of `NAME@SEED`, of a run that was made, adds the scores by another seed. */
export async function learnCells<C extends Cell>(measurement: Measurement<C>, from: string, names: readonly string[], json: boolean) {
  const { cells, nameOf, folder } = measurement;
  const cellNamed = (name: string): C => {
    const found = cells.find((cell) => nameOf(cell) === name);
    if (found) return found;
    throw new Error(`There is no run '${name}'; there are ${cells.map(nameOf).join(', ')}.`);
  };
  // Before the first run: a name that is not there is told at once.
  const chosen = (names.length > 0 ? names : cells.map(nameOf)).map((asked) => {
    const [name = '', seed] = asked.split('@');
    return { cell: cellNamed(name), seed };
  });
  const kept = join(root, 'docs/learning', folder);
  mkdirSync(kept, { recursive: true });
  for (const { cell, seed } of chosen) {
    const file = join(kept, fileOf(measurement, cell));
    const learned =
      seed === undefined ? await learn(measurement, cell, from) : await learnAgain(measurement, cell, from, read<Ours>(file), seed);
    writeFileSync(file, `${JSON.stringify(learned)}\n`);
    console.error(`${nameOf(cell)}: ${JSON.stringify(learned.other_seeds ?? learned.metrics)}`);
    if (json) console.log(JSON.stringify(learned));
  }
}

/** Those runs that were made. */
export function runsMade<C extends Cell>(measurement: Measurement<C>): readonly Made<C>[] {
  return measurement.cells.flatMap((cell) => {
    const of = <T>(folder: string) => read<T>(join(root, folder, measurement.folder, fileOf(measurement, cell)));
    const ours = of<Ours>('docs/learning');
    return ours ? [{ cell, ours, twin: of<Learned>('python/vectors/quality') }] : [];
  });
}

/** How scores are written, and how far two are apart: shares in points of a hundred, perplexities in percent of PyTorch's. */
const shares = {
  apart: 'points apart',
  text: (value: number) => (100 * value).toFixed(1),
  between: (ours: number, theirs: number) => (100 * (ours - theirs)).toFixed(1),
};
const perplexities: typeof shares = {
  apart: '% apart',
  text: (value) => value.toFixed(2),
  between: (ours, theirs) => (100 * (ours / theirs - 1)).toFixed(1),
};

/** A row for each run, all of one kind of metric; of scores those that PyTorch's run has too. */
export function runTable<C extends Cell>(
  runs: readonly Made<C>[],
  nameOf: (cell: C) => string,
  columns: readonly (keyof C & string)[] = [],
) {
  const kind = runs.some(({ ours }) => 'perplexity' in ours.metrics) ? perplexities : shares;
  const seeded = { ours: runs.some(({ ours }) => ours.other_seeds), theirs: runs.some(({ twin }) => twin?.other_seeds) };
  const rows = runs.map(({ cell, ours, twin }) => {
    const { metrics, trainable_parameters } = ours;
    const names = Object.keys(twin?.metrics ?? metrics);
    const each = (text: (name: string) => string) => names.map(text).join(' / ');
    const of = (scores: Scores, name: string) => scores[name] ?? Number.NaN;
    const others = ({ other_seeds }: Partial<Learned> = {}) =>
      other_seeds
        ? each((name) =>
            Object.values(other_seeds)
              .map((scores) => kind.text(of(scores, name)))
              .join(', '),
          )
        : '';
    return [
      ...[`\`${nameOf(cell)}\``, ...columns.map((column) => String(cell[column]))],
      ...[String(cell.learning_rate), String(cell.steps), countText(trainable_parameters), names.join(' / ')],
      each((name) => kind.text(of(metrics, name))),
      twin ? each((name) => kind.text(of(twin.metrics, name))) : '',
      twin ? each((name) => kind.between(of(metrics, name), of(twin.metrics, name))) : '',
      ...(seeded.ours ? [others(ours)] : []),
      ...(seeded.theirs ? [others(twin)] : []),
    ];
  });
  const head = [
    'run',
    ...columns,
    'learning rate',
    'steps',
    'trainable',
    'metric',
    'score',
    'PyTorch',
    kind.apart,
    ...(seeded.ours ? ['other seeds'] : []),
    ...(seeded.theirs ? ['PyTorch, other seeds'] : []),
  ];
  return markdownTable([head, ...rows]);
}

/** The devices that runs were made on. */
export const devicesOf = (runs: readonly { readonly ours: Ours }[]): string => [...new Set(runs.map(({ ours }) => ours.device))].join('; ');
