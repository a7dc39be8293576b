// What the model makes of examples: their rows go through the evaluation programs in batches of like length, one batch a little behind the other.
// Not here: what is measured of it (src/tasks). Invariant: an example's outputs do not depend on what stands beside it, but for methods that look at all rows of
// a batch together.

import { collate } from '../../data/batches.ts';
import { exampleOf, type TokenizedExample, type TokenRow } from '../../data/dataset.ts';
import { RetraceError } from '../../protocol/errors.ts';
import { longestOf, wordsOf } from '../../protocol/lengths.ts';
import type { Judged } from '../../tasks/task.ts';
import { cutIntoShapes, type EvaluationShape, evaluationShapes, type ShapedBatch } from '../../train/evaluation_shapes.ts';
import { collatingOf, type Engine } from './engine.ts';

/** A part of a row that goes through by itself: row `r` of example `e`. */
interface Pass {
  readonly e: number;
  readonly r: number;
  readonly row: TokenRow;
  readonly label: number;
}

/** Batches whose outputs are not read yet, at most: one runs while the next is made. No more than the readback ring has slots. */
const inFlight = 2;

/** What the model makes of the rows of examples, which stand in their order; rows go in batches of like length. `onProgress` counts examples. Error `text-too-long`. */
export async function judge(
  engine: Engine,
  examples: readonly TokenizedExample[],
  onProgress?: (done: number) => void | Promise<void>,
): Promise<Judged[]> {
  requireLengths(engine, examples);
  const shapes = evaluationShapes(engine.setup);
  const passes = examples
    .flatMap(({ rows, label }, e) => rows.flatMap((row, r) => inPasses(row, shapes).map((part) => ({ e, r, row: part, label }))))
    .sort((a, b) => a.row.length - b.row.length);
  const batches = cutIntoShapes(passes.length, shapes, (i, shape) => fits((passes[i] as Pass).row, shape));
  const judged = examples.map((example) => ({ example, outputs: example.rows.map((): Float32Array => new Float32Array()) }));
  const running: { readonly own: readonly Pass[]; readonly outputs: Promise<Float32Array> }[] = [];
  let done = 0;
  const take = async () => {
    const { own, outputs } = running.shift() as (typeof running)[number];
    const found = await outputs;
    let at = 0;
    for (const { e, r, row } of own) {
      const count = engine.task.head === 'words' ? (row.words?.at.length ?? 0) : engine.setup.num_labels;
      const { outputs: made } = judged[e] as (typeof judged)[number];
      made[r] = joined(made[r] as Float32Array, found.slice(at, at + count));
      at += count;
    }
    done += own.length;
    await onProgress?.(Math.floor((done * examples.length) / passes.length));
  };
  for (const batch of batches) {
    const own = passes.slice(batch.begin, batch.begin + batch.count);
    const outputs = outputsOf(engine, own, batch);
    // Where one fails, or is stopped, nobody waits for the one behind it.
    outputs.catch(() => undefined);
    running.push({ own, outputs });
    if (running.length >= inFlight) await take();
  }
  while (running.length > 0) await take();
  return judged;
}

async function outputsOf(engine: Engine, passes: readonly Pass[], { shape }: ShapedBatch): Promise<Float32Array> {
  const examples = passes.map(({ row, label }) => exampleOf([row], label));
  const batch = collate(examples, Uint32Array.from(examples.keys()), { ...collatingOf(engine), batchSize: shape.rows, buckets: [shape] });
  return engine.trainer.outputs((await engine.pictures?.filled(batch)) ?? batch);
}

function requireLengths({ buckets }: Engine, examples: readonly TokenizedExample[]): void {
  const longest = longestOf(buckets);
  const tooLong = examples.find(({ length }) => length > longest);
  if (tooLong === undefined) return;
  throw new RetraceError({
    code: 'text-too-long',
    message: `A text has ${tooLong.length} tokens; this run was planned for ${longest}.`,
    where: 'text',
    remedy: 'Shorten the text.',
  });
}

const fits = ({ length, target_ids, words }: TokenRow, shape: EvaluationShape): boolean =>
  length <= shape.length && (target_ids?.length ?? 0) <= (shape.target_length ?? shape.length) && (words?.at.length ?? 0) <= wordsOf(shape);

const joined = (a: Float32Array, b: Float32Array): Float32Array => (a.length === 0 ? b : Float32Array.of(...a, ...b));

/** A row with no more words than a batch has room for: once for each so many of them. Texts that are asked about may be others than those that were planned for. */
function inPasses(row: TokenRow, shapes: readonly EvaluationShape[]): readonly TokenRow[] {
  const { words, length } = row;
  const shape = shapes.find((one) => one.length >= length);
  if (words === undefined || shape === undefined || words.at.length <= wordsOf(shape)) return [row];
  const most = wordsOf(shape);
  return Array.from({ length: Math.ceil(words.at.length / most) }, (_, i) => ({
    ...row,
    words: { at: words.at.subarray(i * most, (i + 1) * most), ids: words.ids.subarray(i * most, (i + 1) * most) },
  }));
}
