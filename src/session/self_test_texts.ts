// Texts whose logits travel with an export, so that whoever loads it can compare. Made up for this, about nothing and nobody: an adapter goes to
// other people, and the texts that it was trained on do not go with it unless that is asked for.

import type { SelfTestTexts } from '../protocol/messages.ts';
import type { RunData } from './data.ts';
import type { TextToPredict } from './predict.ts';

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

/** The texts of an export: made up, as pairs where the data are pairs, or the first of those that were held back for evaluation. */
export function selfTestTexts(source: SelfTestTexts, { texts }: Pick<RunData, 'texts'>): TextToPredict[] {
  const pairs = texts[0]?.textPair !== undefined;
  if (source === 'bundled') return madeUp.map(([text, text_pair]) => (pairs ? { text, text_pair } : { text }));
  return texts.slice(0, count).map(({ text, textPair }) => (textPair === undefined ? { text } : { text, text_pair: textPair }));
}

const withoutLastWord = (text: string): string => text.trimEnd().split(/\s+/).slice(0, -1).join(' ');

/**
 * The same, with words taken off the ends of those that do not fit. A run is planned for the longest of its own texts, and cuts longer ones there; who
 * loads the adapter cuts them at max_length, and would get other logits.
 */
export const shortened = (texts: readonly TextToPredict[], fits: (text: TextToPredict) => boolean): TextToPredict[] =>
  texts.flatMap((given) => {
    let { text, text_pair } = given;
    const asked = () => (text_pair === undefined ? { text } : { text, text_pair });
    while (!fits(asked())) {
      const second = text_pair !== undefined && text_pair.length > text.length;
      if (second) text_pair = withoutLastWord(text_pair as string);
      else if (text === '') return [];
      else text = withoutLastWord(text);
    }
    return text === '' ? [] : [asked()];
  });

/** Whether a text is a made-up one, or what `shortened` left of one. */
export const isMadeUp = (text: string): boolean => madeUp.flat().some((whole) => `${whole} `.startsWith(`${text} `));

/** What the card of the model says of them. */
export const selfTestNote = (source: SelfTestTexts, texts: number): string =>
  source === 'bundled' ? `${texts} made-up sentences, none of the data` : `${texts} texts of the evaluation data`;
