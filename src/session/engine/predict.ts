// What the model that a session holds says of texts: of those that are given to the word, and of those that people ask about, which stand in a context of their
// task first. Invariant: a row of a file and the same asked by hand have one answer.

import { exampleOf, type TokenizedExample } from '../../data/dataset.ts';
import type { Unlabelled } from '../../data/examples.ts';
import { inputWords } from '../../protocol/cards.ts';
import { RetraceError } from '../../protocol/errors.ts';
import { longestOf, longestTarget } from '../../protocol/lengths.ts';
import type { AskedText, Prediction } from '../../protocol/messages.ts';
import { type Encoding, type Judged, outputsOf, sumsOf, type Task } from '../../tasks/task.ts';
import { hasDecoder } from '../models/task_fit.ts';
import type { Engine } from './engine.ts';
import { judge } from './judge.ts';
import { writeAnswers } from './written.ts';

export type TextToPredict = AskedText;

/** An example as it is asked about; its picture is opened, and not read. */
export const askedExample = async ({ picture, ...example }: Unlabelled): Promise<AskedText> => ({
  ...askedText(example),
  ...(picture === undefined ? {} : { picture: 'prepared' in picture ? picture.prepared : await picture.blob() }),
});

/** The same without its picture. */
export const askedText = ({ text, textPair, choices, target }: Unlabelled): AskedText => ({
  text,
  ...(textPair === undefined ? {} : { text_pair: textPair }),
  ...(choices === undefined ? {} : { choices }),
  ...(target === undefined ? {} : { target }),
});

const pictureOf = (path: string, picture: NonNullable<AskedText['picture']>): NonNullable<Unlabelled['picture']> =>
  picture instanceof Uint8Array ? { path, prepared: picture } : { path, size: picture.size, blob: async () => picture };

/** What is asked about, as an example. */
export const exampleAsked = ({ text_pair, picture, ...asked }: AskedText): Unlabelled => ({
  ...asked,
  ...(picture === undefined ? {} : { picture: pictureOf(asked.text, picture) }),
  ...(text_pair === undefined ? {} : { textPair: text_pair }),
});

/** Cut to the longest length that the engine was planned for. */
function encoded({ task, setup, tokenizer, buckets }: Engine, asked: AskedText): TokenizedExample {
  const encoding: Encoding = {
    ...{ max_length: longestOf(buckets), max_target_length: longestTarget(buckets) },
    ...{ purpose: 'evaluation', decoder: hasDecoder(setup.backbone), packing: false },
  };
  const example = { ...exampleAsked(asked), label: task.targets.none };
  return exampleOf(task.encode(example, tokenizer, encoding), example.label);
}

const isCut = ({ rows }: TokenizedExample): boolean => rows.some(({ truncated }) => truncated);

/** Of texts as they stand. Longer ones are cut, and say so. */
export async function predict(engine: Engine, texts: readonly TextToPredict[]): Promise<Prediction[]> {
  const { task, labels } = engine;
  const all = await judge(
    engine,
    texts.map((asked) => encoded(engine, asked)),
  );
  return texts.map(({ picture: _, ...asked }, i) => {
    const judged = all[i] as Judged;
    return {
      ...asked,
      truncated: isCut(judged.example),
      logits: task.head === 'words' ? sumsOf(judged) : [...outputsOf([judged])],
      ...task.answer(judged, asked.choices ?? labels),
    };
  });
}

/** Whether the answer to this is a text that has to be written. */
export const isWritten = ({ scoreWritten }: Task, { target }: AskedText): boolean => scoreWritten !== undefined && target === undefined;

/** Error `choices-needed`. */
function requireChoices({ name, parts }: Task, asked: readonly AskedText[]): void {
  const lacking = asked.findIndex(({ choices = [] }) => parts.needed.includes('choices') && choices.length < 2);
  if (lacking < 0) return;
  throw new RetraceError({
    code: 'choices-needed',
    message: `The task ${name} chooses among answers, and text ${lacking + 1} comes with ${asked[lacking]?.choices?.length ?? 0} of them.`,
    where: 'choices',
    remedy: 'Give at least two answers to choose among (--choice "..." for each), or a file with a column of them.',
  });
}

/** Errors: `picture-needed`, `text-needed`. */
function requireInputs({ name, inputs }: Task, asked: readonly AskedText[]): void {
  const other = asked.find(({ picture }) => (picture === undefined) === (inputs === 'image'));
  if (other === undefined) return;
  const picture = inputs === 'image';
  throw new RetraceError({
    code: picture ? 'picture-needed' : 'text-needed',
    message: `The task ${name} is of ${inputWords[inputs]}, and '${other.text}' ${picture ? 'comes without one' : 'is a picture'}.`,
    where: picture ? 'picture' : 'text',
    remedy: picture ? 'Give a picture: a JPEG, PNG, WebP or GIF file (--image FILE).' : 'Give a text (--text "...").',
  });
}

/** Of what people ask. Errors: `picture-needed`, `text-needed`, `choices-needed`, those of `judge` and of `writeAnswers`. */
export async function answer(engine: Engine, asked: readonly AskedText[]): Promise<Prediction[]> {
  const { task } = engine;
  requireInputs(task, asked);
  requireChoices(task, asked);
  const read = await Promise.all(asked.map((one) => askedExample(task.inContext?.(exampleAsked(one)) ?? exampleAsked(one))));
  const written = read.map((one) => isWritten(task, one));
  const answers = {
    written: await writtenAnswers(
      engine,
      read.filter((_, i) => written[i]),
    ),
    judged: await predict(
      engine,
      read.filter((_, i) => !written[i]),
    ),
  };
  const said = read.map((_, i) => (written[i] ? answers.written : answers.judged).shift() as Prediction);
  // What was asked comes back as it was asked, without its context.
  return asked.map(({ picture: _, ...one }, i) => ({ ...(said[i] as Prediction), ...one }));
}

async function writtenAnswers(engine: Engine, asked: readonly AskedText[]): Promise<Prediction[]> {
  const examples = asked.map((one) => encoded(engine, { ...one, target: '' }));
  const texts = await writeAnswers(engine, examples);
  return asked.map((one, i) => ({
    ...one,
    truncated: isCut(examples[i] as TokenizedExample),
    logits: [],
    ...(texts[i] as (typeof texts)[number]),
  }));
}
