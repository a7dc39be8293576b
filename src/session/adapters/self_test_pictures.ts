// Pictures whose logits travel with an export over a model of pictures: made up by a formula, so that no picture of anybody's goes along unless that is asked
// for. Invariant: a function of their number and size alone.

import type { SelfTestTexts } from '../../protocol/messages.ts';
import { randomKey, randomUniform, siteId } from '../../random/counter.ts';
import type { RunData } from '../data/data.ts';
import type { Engine } from '../engine/engine.ts';
import type { TextToPredict } from '../engine/predict.ts';
import { selfTestTexts } from './self_test_texts.ts';

type Shade = (x: number, y: number) => number;

/** x and y from 0 to 1: slopes, rings, a board, noise, each with a share of each colour. */
const shades: readonly Shade[] = [
  (x, y) => (x + y) / 2,
  (x, y) => 0.5 + 0.5 * Math.cos(24 * Math.hypot(x - 0.5, y - 0.5)),
  (x, y) => (Math.floor(8 * x) + Math.floor(8 * y)) % 2,
  (x, y) => randomUniform(randomKey(7, 0, siteId('self_test.picture')), Math.floor(64 * x) + 64 * Math.floor(64 * y)),
];

/** A made-up picture [S, S, 3]. */
function madeUp(shade: Shade, S: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: S * S * 3 }, (_, i) => {
    const [channel, x, y] = [i % 3, (Math.floor(i / 3) % S) / S, Math.floor(i / (3 * S)) / S];
    const value = shade(channel === 1 ? y : x, channel === 2 ? 1 - y : y);
    return Math.round(255 * Math.min(1, Math.max(0, value)));
  });
}

/** The made-up pictures for a model of pictures of S × S. */
export const madeUpPictures = (S: number): TextToPredict[] =>
  shades.map((shade, i) => ({ text: `made-up picture ${i + 1}`, picture: madeUp(shade, S) }));

/** What an export over any model is compared on: texts, or pictures as the model reads them; made up, or the first of those held back for evaluation. */
export async function selfTestExamples(
  source: SelfTestTexts,
  { setup, pictures }: Pick<Engine, 'setup' | 'pictures'>,
  data: Pick<RunData, 'texts'>,
): Promise<TextToPredict[]> {
  const { image } = setup.backbone.config;
  if (!image || !pictures) return selfTestTexts(source, data);
  if (source === 'bundled') return madeUpPictures(image.image_size);
  const held = data.texts.flatMap(({ text, picture }) => (picture === undefined ? [] : [{ text, picture }]));
  return Promise.all(held.slice(0, shades.length).map(async ({ text, picture }) => ({ text, picture: await pictures.prepared(picture) })));
}
