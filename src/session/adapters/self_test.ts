// The self-test of an adapter: texts and their logits, computed where it was trained and again where it is loaded. Not here: which texts
// (self_test_texts.ts). Invariant: a text has the logits that it has by itself.

import type { AdapterArchive, AdapterConfig } from '../../formats/adapter_archive.ts';
import type { Engine } from '../engine/engine.ts';
import { predict, type TextToPredict } from '../engine/predict.ts';

/** Logits of a re-imported adapter may differ by this much and no more. */
export const logitTolerance = 1e-4;

export const largestDifference = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number =>
  a.reduce((most, row, i) => row.reduce((worst, x, j) => Math.max(worst, Math.abs(x - (b[i]?.[j] ?? Number.NaN))), most), 0);

/** Logits of each text as it has them by itself: in batches, unless the texts of a batch change each other's (the union of sparse adapters). */
export async function logitsOfEach(engine: Engine, texts: readonly TextToPredict[]): Promise<number[][]> {
  const { method, backbone, options } = engine.setup;
  const alone = method.wire(backbone, options).wholeBatch === 'always';
  const rows: number[][] = [];
  for (const batch of alone ? texts.map((text) => [text]) : [texts]) {
    rows.push(...(await predict(engine, batch)).map(({ logits }) => [...logits]));
  }
  return rows;
}

type RecordedText = NonNullable<AdapterConfig['self_test']>['texts'][number];

/** A text as a self-test records it: a string, a pair, or with its choices or what is to be written for it. */
export function recordedText({ text, text_pair, choices, target }: TextToPredict): RecordedText {
  if (choices === undefined && target === undefined) return text_pair === undefined ? text : [text, text_pair];
  return { text, text_pair, choices: choices && [...choices], target };
}

function askedText(recorded: RecordedText): TextToPredict {
  if (typeof recorded === 'string') return { text: recorded };
  if (Array.isArray(recorded)) return { text: recorded[0], text_pair: recorded[1] };
  const { text, text_pair, choices, target } = recorded;
  return {
    text,
    ...(text_pair === undefined ? {} : { text_pair }),
    ...(choices === undefined ? {} : { choices }),
    ...(target === undefined ? {} : { target }),
  };
}

/** What an adapter's self-test asks; nothing where it is of pictures that are not there. */
export function textsOf({ config, pictures }: Pick<AdapterArchive, 'config' | 'pictures'>): TextToPredict[] {
  const { texts = [], image_mean } = config.self_test ?? {};
  if (image_mean === undefined) return texts.map(askedText);
  return (pictures ?? []).map((picture, i) => ({ ...askedText(texts[i] ?? ''), picture }));
}

/** Recorded logits of an adapter's self-test against those computed here. */
export async function runSelfTest(engine: Engine, archive: Pick<AdapterArchive, 'config' | 'pictures'>) {
  const asked = textsOf(archive);
  const computed = await logitsOfEach(engine, asked);
  const recorded = asked.length === 0 ? [] : (archive.config.self_test?.logits ?? []);
  return { texts: asked.map(({ text }) => text), recorded, computed, largest_difference: largestDifference(recorded, computed) };
}
