// Texts whose logits travel with an export, so that whoever loads it can compare. Made up for this, about nothing and nobody: an adapter goes to
// other people, and the texts that it was trained on do not go with it unless that is asked for.

import type { Example } from '../../data/examples.ts';
import { longestOf } from '../../protocol/lengths.ts';
import type { SelfTestTexts } from '../../protocol/messages.ts';
import type { RunData } from '../data/data.ts';
import type { Engine } from '../engine/engine.ts';
import { askedText, exampleAsked, type TextToPredict } from '../engine/predict.ts';
import { hasDecoder } from '../models/task_fit.ts';

/** Short and long, a question, numbers, names of things, other scripts; each with a second text for models of pairs. */
const madeUp: readonly (readonly [string, string])[] = [
  ['The kettle is on the stove.', 'Someone is making tea.'],
  ['What time does the second train leave on Sundays?', 'The second train leaves at 9:40.'],
  ['It rained all morning, and at noon the streets were still wet.', 'It was a dry day.'],
  ['Three red boxes (12 × 8 cm) stand on the lower shelf.', 'The boxes are on the floor.'],
  ['No, thank you; I would rather walk than wait for the lift.', 'The speaker takes the stairs.'],
  ['Ein kleiner Hund schläft unter dem Tisch.', 'Le petit chien dort sous la table.'],
  ['open the window', 'close the door'],
  [
    'Although the path along the river is longer than the road over the hill, most people who live here prefer it in summer, because tall trees keep it cool.',
    'In summer the longer path is liked better, for it lies in the shade.',
  ],
];

/** How many there are, made up or not. */
const count = madeUp.length;

/** A made-up text as the data's are: alone, a pair, with answers to choose among, or with what is to be written for it. */
function likeData([text, second]: readonly [string, string], at: number, like: Example | undefined): TextToPredict {
  const other = madeUp[(at + 1) % count]?.[1] ?? '';
  return {
    text,
    ...(like?.textPair === undefined ? {} : { text_pair: second }),
    ...(like?.choices === undefined ? {} : { choices: [second, other] }),
    ...(like?.target === undefined ? {} : { target: second }),
  };
}

/** The texts of an export: made up, of the kind that the data are of, or the first of those that were held back for evaluation. */
export function selfTestTexts(source: SelfTestTexts, { texts }: Pick<RunData, 'texts'>): TextToPredict[] {
  if (source === 'bundled') return madeUp.map((one, i) => likeData(one, i, texts[0]));
  return texts.slice(0, count).map(askedText);
}

/** Whether an engine has room for all tokens of a text, and of what is written for it, that `max_length` leaves. */
export function fitting(
  { task, tokenizer, setup, buckets }: Pick<Engine, 'task' | 'tokenizer' | 'setup' | 'buckets'>,
  max_length: number,
): (asked: TextToPredict) => boolean {
  const encoding = { max_length, purpose: 'evaluation', decoder: hasDecoder(setup.backbone), packing: false } as const;
  const targets = Math.max(...buckets.map(({ length, target_length = length }) => target_length));
  return (asked) => {
    const rows = task.encode({ ...exampleAsked(asked), label: task.targets.none }, tokenizer, encoding);
    return rows.every(({ length, target_ids }) => length <= longestOf(buckets) && (target_ids?.length ?? 0) <= targets);
  };
}

const withoutLastWord = (text: string): string => text.trimEnd().split(/\s+/).slice(0, -1).join(' ');

/** Without the last word of the longest of its texts; undefined where nothing would be left of one. */
function withoutAWord(asked: TextToPredict): TextToPredict | undefined {
  const { text, text_pair, choices, target } = asked;
  const longest = [text, text_pair, ...(choices ?? []), target].reduce<string>(
    (most, one = '') => (one.length > most.length ? one : most),
    '',
  );
  const cut = (one: string): string => (one === longest ? withoutLastWord(one) : one);
  if (text === longest) return cut(text) === '' ? undefined : { ...asked, text: cut(text) };
  if (text_pair === longest) return { ...asked, text_pair: cut(text_pair) };
  if (cut(longest) === '') return undefined;
  return { ...asked, ...(choices ? { choices: choices.map(cut) } : {}), ...(target === undefined ? {} : { target: cut(target) }) };
}

/**
 * The same, with words taken off the ends of those that do not fit. A run is planned for the longest of its own texts, and cuts longer ones there; who
 * loads the adapter cuts them at max_length, and would get other logits.
 */
export const shortened = (texts: readonly TextToPredict[], fits: (text: TextToPredict) => boolean): TextToPredict[] =>
  texts.flatMap((given) => {
    let asked: TextToPredict | undefined = given;
    while (asked && !fits(asked)) asked = withoutAWord(asked);
    return asked ? [asked] : [];
  });

/** Whether a text is a made-up one, or what `shortened` left of one. */
export const isMadeUp = (text: string): boolean => madeUp.flat().some((whole) => `${whole} `.startsWith(`${text} `));

/** What the card of the model says of them. */
export const selfTestNote = (source: SelfTestTexts, count: number, what: 'texts' | 'pictures' = 'texts'): string =>
  source === 'bundled'
    ? `${count} made-up ${what === 'texts' ? 'sentences' : what}, none of the data`
    : `${count} ${what} of the evaluation data`;
