// What looks wrong with labelled pictures: the same one again, under another label, or on both sides of a split; classes of a few pictures, and of very many.
// Which are the same is found by their bytes (same_pictures.ts). Changes nothing. Invariant: pictures are counted all, and the first of them named by their paths.

import type { DataWarning } from '../../protocol/messages.ts';
import { countText, listText, plural } from '../../protocol/sentences.ts';
import type { PictureFile } from '../pictures/picture.ts';
import { columnIndex, type Table } from '../table/table.ts';
import { imbalanceOf, labelledByRow, rareClassesRemedy } from './labels.ts';
import { addTo, listed, quoted, type RowSet, rowSet, rowsIn } from './rows.ts';
import { type SameOptions, samePictures } from './same_pictures.ts';
import { effectOf } from './split.ts';

export interface PictureRows {
  /** Of the folder, zip or file. */
  readonly name: string;
  readonly pictures: readonly PictureFile[];
  /** Of each, trimmed. */
  readonly labels: readonly string[];
  /** Numbers of their rows. */
  readonly numbers: readonly number[];
  readonly classes: ReadonlyMap<string, RowSet>;
}

/** Where the pictures to evaluate with come from: another set, or those of this one by their place. */
export type PictureEvaluation = { readonly given: PictureRows } | { readonly held: ReadonlySet<number> };

/** The rows of a table that have a picture. Error: `missing-column`. */
export function pictureRows(table: Table, imageColumn: string, labelColumn: string): PictureRows {
  const [imageAt, labelAt] = [columnIndex(table, imageColumn), columnIndex(table, labelColumn)];
  const classes = new Map<string, RowSet>();
  const found = table.rows.flatMap((cells, row) => {
    const picture = table.pictures?.get(cells[imageAt] ?? '');
    return picture === undefined ? [] : [{ picture, label: (cells[labelAt] ?? '').trim(), number: table.rowNumbers[row] ?? 0 }];
  });
  for (const { label, number } of found) addTo(classes, label, number);
  return {
    ...{ name: table.name, classes },
    pictures: found.map(({ picture }) => picture),
    labels: found.map(({ label }) => label),
    numbers: found.map(({ number }) => number),
  };
}

/** Pictures that a message names. */
const NAMED = 3;
/** A class of fewer shows hardly more than those very pictures. */
const FEWEST = 5;

/** `b.png is a.png`, the first of them. */
const pairsText = (pairs: readonly (readonly [PictureFile, PictureFile])[]): string =>
  listText(
    pairs.slice(0, NAMED).map(([one, other]) => `${one.path} is ${other.path}`),
    NAMED,
    pairs.length,
  );

interface Same {
  readonly whole: PictureRows;
  /** All pictures, those of another set behind these, and the first that each is the same as. */
  readonly all: readonly PictureFile[];
  readonly first: Uint32Array;
}

const pairOf = ({ all, first }: Same, at: number): readonly (readonly [PictureFile, PictureFile])[] => {
  const [one, other] = [all[at], all[first[at] ?? at]];
  return one && other ? [[one, other]] : [];
};

function contradicting({ whole, all, first }: Same): readonly DataWarning[] {
  const { name, labels, numbers } = whole;
  const contrary = new Map<number, number>();
  for (const row of labels.keys()) {
    const before = first[row] ?? row;
    if (labels[before] !== labels[row] && !contrary.has(before)) contrary.set(before, row);
  }
  const [example] = contrary;
  if (example === undefined) return [];
  const there = rowSet(numbers.filter((_, row) => contrary.has(first[row] ?? row)));
  const shown = (row: number): string => `${all[row]?.path} is ${quoted(labels[row] ?? '')}`;
  return [
    {
      code: 'labels-contradict',
      message: `${plural(contrary.size, 'picture')} of ${name} ${contrary.size === 1 ? 'stands' : 'stand'} there more than once, byte for byte, with different labels: ${shown(example[0])}, and ${shown(example[1])}.`,
      remedy: 'Decide on one label for each, or remove these pictures: no model can be right about them.',
      rows: [rowsIn(name, there)],
    },
  ];
}

function repeated(same: Same): readonly DataWarning[] {
  const { whole, first } = same;
  const again = [...whole.numbers.keys()].filter((row) => first[row] !== row);
  if (again.length === 0) return [];
  return [
    {
      code: 'pictures-repeated',
      message: `${plural(again.length, 'picture')} of ${whole.name} ${again.length === 1 ? 'is' : 'are'} the same as one before, byte for byte: ${pairsText(again.flatMap((row) => pairOf(same, row)))}.`,
      remedy: 'Remove the repetitions, unless it is meant that these pictures count more.',
      rows: [rowsIn(whole.name, rowSet(again.map((row) => whole.numbers[row] ?? 0)))],
    },
  ];
}

/** Pictures on both sides: what is measured on them is memory. */
function inBoth({ whole, all, first }: Same, evaluation: PictureEvaluation): readonly DataWarning[] {
  const count = whole.pictures.length;
  const isTrained = (at: number): boolean => at < count && !('held' in evaluation && evaluation.held.has(at));
  const trained = new Map<number, number>();
  for (const at of all.keys()) if (isTrained(at) && !trained.has(first[at] ?? at)) trained.set(first[at] ?? at, at);
  const evaluated = [...all.keys()].filter((at) => !isTrained(at));
  const there = evaluated.filter((at) => trained.has(first[at] ?? at));
  if (there.length === 0) return [];
  const pairs = there.flatMap((at): (readonly [PictureFile, PictureFile])[] => {
    const [one, other] = [all[at], all[trained.get(first[at] ?? at) ?? at]];
    return one && other ? [[one, other]] : [];
  });
  const given = 'given' in evaluation ? evaluation.given : undefined;
  const numberOf = (at: number): number => (at < count ? whole.numbers[at] : given?.numbers[at - count]) ?? 0;
  const met = new Set(there.map((at) => first[at] ?? at));
  const here = [...all.keys()].filter((at) => isTrained(at) && met.has(first[at] ?? at));
  const side = given === undefined ? `that are held back from ${whole.name}` : `of ${given.name}`;
  return [
    {
      code: 'pictures-in-both',
      message: `${countText(there.length)} of the ${plural(evaluated.length, 'picture')} ${side} to evaluate with ${there.length === 1 ? 'is' : 'are'} trained on too, byte for byte: ${pairsText(pairs)}. ${effectOf(there.length / evaluated.length)}`,
      remedy:
        given === undefined
          ? 'Remove the repeated pictures, or give a set of its own to evaluate on.'
          : 'Remove these pictures from one of the two sets.',
      rows: [rowsIn(given?.name ?? whole.name, rowSet(there.map(numberOf))), rowsIn(whole.name, rowSet(here.map(numberOf)))],
    },
  ];
}

function classesOfFew({ name, classes, labels }: PictureRows): readonly DataWarning[] {
  const few = [...classes].filter(([, { count }]) => count < FEWEST);
  if (few.length === 0 || labelledByRow({ classes, labels })) return [];
  const one = few.length === 1;
  const { first } = rowSet(few.flatMap(([, set]) => set.first).sort((a, b) => a - b));
  return [
    {
      code: 'classes-of-few-pictures',
      message: `${plural(few.length, 'class', 'classes')} of ${name} ${one ? 'has' : 'have'} fewer than ${FEWEST} pictures: ${listed(few.map(([label, { count }]) => `${quoted(label)} (${count})`))}. A model learns these very pictures rather than what they show.`,
      remedy: `Add pictures of ${one ? 'this class' : 'these classes'}, or leave ${one ? 'it' : 'them'} out.`,
      rows: [rowsIn(name, { count: few.reduce((sum, [, { count }]) => sum + count, 0), first })],
    },
  ];
}

function unbalanced({ name, classes, labels }: PictureRows): readonly DataWarning[] {
  const found = labelledByRow({ classes, labels }) ? undefined : imbalanceOf(classes, labels.length);
  if (found === undefined) return [];
  const { largest, smallest, share, oneIsAll } = found;
  return [
    {
      code: 'classes-unbalanced',
      message: `${quoted(largest[0])} has ${countText(largest[1].count)} of the ${plural(labels.length, 'picture')} of ${name} (${(100 * share).toFixed(1)} %), ${quoted(smallest[0])} ${countText(smallest[1].count)}.${oneIsAll ? ` A model that always says ${quoted(largest[0])} is right that often.` : ''}`,
      remedy: rareClassesRemedy('pictures'),
      rows: [rowsIn(name, smallest[1])],
    },
  ];
}

/**
 * What is wrong with the pictures of a set to train on, and between them and those to evaluate with; what spoils a run most comes first. Reads those pictures whose
 * size another has. Errors: those of reading; the signal's reason.
 */
export async function checkPictures(whole: PictureRows, evaluation?: PictureEvaluation, options: SameOptions = {}): Promise<DataWarning[]> {
  const given = evaluation !== undefined && 'given' in evaluation ? evaluation.given.pictures : [];
  const all = [...whole.pictures, ...given];
  const same: Same = { whole, all, first: await samePictures(all, options) };
  return [
    ...contradicting(same),
    ...(evaluation === undefined ? [] : inBoth(same, evaluation)),
    ...repeated(same),
    ...classesOfFew(whole),
    ...unbalanced(whole),
  ];
}
