// What a task reads off the last hidden states: the rows that its head makes outputs of, each by itself, and the loss of outputs. One kind a row of the
// table at the end; a task names its kind (`Task.head`). Not here: how many rows go at a time (row_loss.ts), what is measured of outputs (src/tasks).

import type { Graph } from '../graph/graph.ts';
import { logLikelihood } from '../graph/ops/loss.ts';
import { pool } from '../graph/ops/pool.ts';
import { laterRows } from '../graph/ops/prepend_rows.ts';
import { reshape } from '../graph/ops/reshape.ts';
import { vocabularyLogits } from '../graph/ops/vocabulary.ts';
import type { Tensor } from '../graph/tensor.ts';
import { type Adaptation, type Backbone, headOf, ownPooling, pooledHead, requireVocabulary, topStack } from '../models/model.ts';
import type { Pooling } from '../protocol/config.ts';
import { type Bucket, wordsOf } from '../protocol/lengths.ts';
import type { Task } from '../tasks/task.ts';
import type { EvaluationShape } from './evaluation_shapes.ts';
import { rowsOfWords } from './granularity.ts';
import type { ProgramSetup } from './programs.ts';
import { type RowHead, type RowLoss, rowScores } from './row_loss.ts';
import { lengthIn } from './stacks.ts';

/** What is there when the layers have run. */
export interface Top {
  readonly hidden: Tensor; // [B, T, C], the last hidden states
  readonly lengths: Tensor; // [B], tokens of each example, virtual ones included
  readonly adaptation: Adaptation;
}

/** One kind of output of a program. */
export interface Output extends RowLoss {
  /** What the outputs are made of: [N, .., C]. */
  rows(g: Graph, top: Top): Tensor;
  /** What an evaluation leaves of the rows for the host to read. */
  measured(g: Graph, rows: Tensor): Tensor;
  /** How many rows of it there are in a batch of this shape. */
  measures(shape: EvaluationShape): number;
}

type OutputKind = (g: Graph, setup: ProgramSetup, bucket: Bucket) => Output;

/** Poolings that texts have no use for are those of architectures that pool in their own way. */
const textPooling = (pooling: Pooling) => (pooling === 'distilled' ? 'cls' : pooling);

/** The head of a pooled text [B, C], and the rows for it. */
function pooled({ task, backbone, pooling = ownPooling(backbone) }: ProgramSetup) {
  const { transform, pool: own } = pooledHead(backbone, pooling);
  const head = headOf(backbone, pooling, task.head);
  return {
    rows(g: Graph, { hidden, lengths, adaptation }: Top) {
      const rows = g.section('pooler', () => (own ? own(g, hidden, lengths) : pool(g, hidden, lengths, textPooling(pooling)))); // [B, C]
      return transform?.(g, rows, adaptation) ?? rows;
    },
    head: (outputs: number) => (g: Graph, rows: Tensor) => head.apply(g, rows, outputs),
  };
}

/** A text becomes one vector, and that one row of outputs. */
const sequence: OutputKind = (g, setup) => {
  const { task, loss, num_labels, batch_size: B } = setup;
  const { rows, head: headOf } = pooled(setup);
  const head = headOf(num_labels);
  const weights = g.training && loss?.weighted ? g.input('class_weights', [num_labels], 'f32') : undefined; // [V]
  return {
    ...{ rows, head, measured: head, measures: ({ rows }) => rows },
    targets: g.input('labels', [B], task.targets.dtype),
    loss: (g, outputs, targets) => task.loss(g, outputs, targets, { label_smoothing: loss?.label_smoothing ?? 0, weights }),
  };
};

/** Each choice becomes one vector, and that a score; the scores of an example, whose rows stand together, are its outputs. */
const choices: OutputKind = (g, setup) => {
  const { task, batch_size: B, rows_per_example: k = 1 } = setup;
  const { rows, head } = pooled(setup);
  const score = head(1);
  // An evaluation takes rows of any examples.
  const N = g.training ? B / k : B;
  const targets = g.input('labels', [N], task.targets.dtype);
  return {
    rows(g, top) {
      const all = rows(g, top); // [B, C]
      return g.training ? g.section('pooler', () => reshape(g, all, [N, k, all.shape.at(-1) as number])) : all;
    },
    // [n, k, C] -> [n, k]. The head sees rows, as where texts are classified: its dropout counts them.
    head(g, own) {
      const [n, , C] = own.shape as [number, number, number];
      const scores = g.examples(g.firstExample * k, () => score(g, reshape(g, own, [n * k, C])));
      return g.section('loss', () => reshape(g, scores, [n, k]));
    },
    targets,
    ...(g.training && k > 1 ? { added: g.input('absent_choices', [N, k], 'f32') } : {}),
    loss: (g, outputs, targets) => task.loss(g, outputs, targets),
    // Choices are scored one by one, so that examples may have more of them than those that were trained on.
    ...{ measured: score, measures: ({ rows }) => rows },
  };
};

/** Logits [N, vocab_size up to a multiple of 4] of hidden states [N, C]. Error `no-vocabulary`. */
export function wordLogits(g: Graph, backbone: Backbone, rows: Tensor): Tensor {
  const vocabulary = requireVocabulary(backbone);
  return g.section('vocabulary', () => {
    const table = g.parameter(vocabulary.table, [backbone.config.vocab_size, rows.shape.at(-1) as number]);
    return vocabularyLogits(g, rows, table, vocabulary.bias?.(g));
  });
}

/** The hidden states that are to give a word, and of each the words of the vocabulary. */
const words: OutputKind = (g, setup, bucket) => {
  const { task, loss, backbone, batch_size: B, token_chunk } = setup;
  requireVocabulary(backbone);
  const { vocab_size } = backbone.config;
  const T = lengthIn(topStack(backbone), bucket);
  const R = B * wordsOf(bucket);
  const targets = g.input('labels', [R], 'i32');
  const head: RowHead = (g, rows) => wordLogits(g, backbone, rows);
  const gather = g.input('target_rows', [R], 'u32');
  const others = g.training ? { others: g.input('other_rows', [B * T], 'u32') } : {};
  const chosen = { gather, ...others, atATime: token_chunk ?? Math.min(g.tokensAtATime, rowsOfWords(setup, vocab_size)) };
  return {
    rows: (g, { hidden }) => g.section('vocabulary', () => laterRows(g, hidden, T)), // [B, T, C]
    ...chosen,
    head,
    targets,
    loss: (g, outputs, own) => task.loss(g, outputs, own, { label_smoothing: loss?.label_smoothing ?? 0, words: vocab_size }),
    measured: (g, rows) =>
      rowScores(g, rows, targets, { ...chosen, head, score: (g, logits, own) => logLikelihood(g, logits, own, vocab_size) }),
    measures: (shape) => shape.rows * wordsOf(shape),
  };
};

/** By the head that a task names. Its inputs are declared when it is asked for. */
export const outputKinds: Readonly<Record<Task['head'], OutputKind>> = { sequence, choices, words };
