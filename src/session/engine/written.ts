// What a model writes for examples, the likeliest token at a time, behind what an example has it read: those of an evaluation, whose texts are known, and what
// people ask. The room of an evaluation is planned from the padded sizes of a run, so that a plan can say it before. Not here: texts behind people's prompts
// (generating.ts). Invariant: what is written beside a text may decide where it is cut, and nothing else of it; nothing of a run changes by it.

import type { TokenizedExample, TokenRow } from '../../data/dataset.ts';
import { spread } from '../../data/spread.ts';
import { type GenerationPlan, planGeneration, type Room } from '../../generate/programs.ts';
import { writeTexts } from '../../generate/texts.ts';
import { defaultGeneration } from '../../protocol/config.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { WrittenText } from '../../protocol/generation.ts';
import { longestOf, longestTarget } from '../../protocol/lengths.ts';
import type { PlanReport, WrittenAnswer } from '../../protocol/messages.ts';
import type { Task } from '../../tasks/task.ts';
import type { planPrograms } from '../../train/programs.ts';
import { hasDecoder } from '../models/task_fit.ts';
import type { Engine } from './engine.ts';
import { mostTogether, planWriter, positionsOf, roundedUp, type WritingWays, writerOf, writingWays } from './writing.ts';

/** Behind the longest text there must be room for a token that ends it, or shows that the model would go on. */
const behind = 1;

/** Room for any example of these padded sizes, and for a text as long as its own. */
function roomFor(setup: Engine['setup'], count: number): Room {
  const positions = positionsOf(setup);
  const length = longestOf(setup.buckets);
  // What goes on stands behind what is read, in one row, of which the last token is not read. Else a token stands before the first.
  const most = 1 + (hasDecoder(setup.backbone) ? longestTarget(setup.buckets) : length) + behind;
  return { batch_size: Math.min(mostTogether, count), prompt: roundedUp(length, positions), capacity: roundedUp(most, positions) };
}

type Programs = Pick<ReturnType<typeof planPrograms>, 'plan' | 'registry'>;

/** How many texts an evaluation of these examples writes. */
export const writtenCount = (task: Task, examples: number, most: number): number =>
  task.scoreWritten === undefined ? 0 : Math.min(examples, most);

/** The programs by which an evaluation writes, beside those of a run; undefined where it writes nothing, and the reason where the method can't. */
function writingPlan(task: Task, setup: Engine['setup'], run: Programs, most: number): GenerationPlan | string | undefined {
  if (writtenCount(task, most, most) === 0) return undefined;
  try {
    return planGeneration(setup, run, roomFor(setup, most));
  } catch (thrown) {
    if (thrown instanceof RetraceError && thrown.code === 'method-cant-write') return thrown.message;
    throw thrown;
  }
}

/** What a plan says of it. `most`: texts that an evaluation may write. */
export function writingReport(...asked: Parameters<typeof writingPlan>): Pick<PlanReport, 'writing'> {
  const planned = writingPlan(...asked);
  if (planned === undefined) return {};
  return { writing: typeof planned === 'string' ? { refusal: planned } : { bytes: planned.plan.total, texts: planned.room.batch_size } };
}

/** As an engine writes, and ended too by what training puts behind a text, whatever the model's folder says of its ends. */
async function trainedWays(engine: Engine): Promise<WritingWays> {
  const { ends, ...ways } = await writingWays(engine);
  const { eosTokenId } = engine.tokenizer;
  return { ...ways, ends: { ...ends, eos_token_ids: [...ends.eos_token_ids, ...(eosTokenId === undefined ? [] : [eosTokenId])] } };
}

export interface Written {
  /** What the model wrote, and what was to be written, cut where a run cuts it. */
  readonly texts: readonly string[];
  readonly references: readonly string[];
}

interface Heard {
  readonly signal: AbortSignal;
  /** Counts texts. */
  onProgress(done: number): void | Promise<void>;
}

interface Piece {
  readonly prompt: readonly number[];
  readonly target: readonly number[];
}

const piecesOf = (examples: readonly TokenizedExample[]): Piece[] => examples.flatMap(({ rows }) => rows.map(pieceOf));

/** What of a row is read before the first of its words, and its words. */
function pieceOf({ input_ids, words, target_ids }: TokenRow): Piece {
  const target = [...(words?.ids ?? [])];
  return target_ids === undefined
    ? { prompt: [...input_ids.slice(0, (words?.at[0] ?? 0) + 1)], target }
    : { prompt: [...input_ids], target };
}

/**
 * Texts for `most` of the examples, spread over them; undefined where the task is not measured by any, or the method can't write. A text ends where the model
 * ends it, or behind the length of the longest that was to be written beside it.
 */
export async function writeFor(
  engine: Engine,
  examples: readonly TokenizedExample[],
  most: number,
  heard: Heard,
): Promise<Written | undefined> {
  if (writtenCount(engine.task, examples.length, most) === 0) return undefined;
  const planned = writingPlan(engine.task, engine.setup, { plan: engine.executor.plan, registry: engine.registry }, most);
  return typeof planned === 'object' ? written(engine, planned, spread(examples, most), heard) : undefined;
}

async function written(engine: Engine, planned: GenerationPlan, examples: readonly TokenizedExample[], heard: Heard): Promise<Written> {
  const ways = await trainedWays(engine);
  const pieces = piecesOf(examples);
  const asked = pieces.map(({ prompt, target }) => ({ prompt, most: target.length + behind }));
  const texts = await writeAll(engine, ways, planned, asked, heard);
  return {
    texts: texts.map(({ text }) => text),
    references: pieces.map(({ prompt, target }) => ways.decode(prompt, withoutEnd(target, ways.ends.eos_token_ids))),
  };
}

interface Asked {
  readonly prompt: readonly number[];
  /** New tokens at most; a text that stands beside longer ones may get as many as they. */
  readonly most: number;
}

/** All of them, in their order, few together. */
async function writeAll(
  engine: Engine,
  { ends, decode }: WritingWays,
  planned: GenerationPlan,
  asked: readonly Asked[],
  { signal, onProgress }: Heard,
): Promise<WrittenText[]> {
  const mostAt = (place: number): number => asked[place]?.most ?? 0;
  // Texts of like length together, for a batch takes as many passes as its longest.
  const order = [...asked.keys()].sort((a, b) => mostAt(a) - mostAt(b) || a - b);
  const { batch_size, capacity: positions } = planned.room;
  const texts: WrittenText[] = [];
  const writer = await writerOf(engine, planned);
  try {
    for (let begin = 0; begin < order.length; begin += batch_size) {
      const places = order.slice(begin, begin + batch_size);
      const options = { ...defaultGeneration, max_new_tokens: mostAt(places.at(-1) as number) };
      const prompts = places.map((place) => (asked[place] as Asked).prompt);
      const batch = await writeTexts(writer, prompts, { options, ends, positions, first: 0, decode, onText: () => undefined, signal });
      for (const [i, place] of places.entries()) texts[place] = batch[i] as WrittenText;
      await onProgress(begin + places.length);
    }
  } finally {
    writer.close();
  }
  return texts;
}

/** What the model writes for texts that people ask about, as long as the texts of its run at most. Errors: those of `planGeneration`. */
export async function writeAnswers(engine: Engine, examples: readonly TokenizedExample[]): Promise<WrittenAnswer[]> {
  if (examples.length === 0) return [];
  const ways = await trainedWays(engine);
  const most = longestTarget(engine.buckets);
  const asked = piecesOf(examples).map(({ prompt }) => ({ prompt, most }));
  const longest = asked.reduce((length, { prompt }) => Math.max(length, prompt.length), 1);
  const room = {
    batch_size: Math.min(mostTogether, asked.length),
    prompt: roundedUp(longest, ways.positions),
    capacity: roundedUp((ways.goes_on ? longest : 1) + most, ways.positions),
  };
  const heard = { signal: new AbortController().signal, onProgress: () => undefined };
  const texts = await writeAll(engine, ways, planWriter(engine, room), asked, heard);
  return texts.map(({ text, finish }) => ({ written: text.trim(), finish: finish === 'end' ? 'end' : 'length' }));
}

const withoutEnd = (ids: readonly number[], eos: readonly number[]): readonly number[] =>
  eos.includes(ids.at(-1) ?? -1) ? ids.slice(0, -1) : ids;
