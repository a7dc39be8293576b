// What a task reads off the last hidden states: the rows that its head makes outputs of, each by itself, and the loss of outputs. One kind a row of the
// table at the end; a task names its kind (`Task.head`). Not here: how many rows go at a time (row_loss.ts), what is measured of outputs (src/tasks).

import type { Graph } from '../graph/graph.ts';
import { pool } from '../graph/ops/pool.ts';
import type { Tensor } from '../graph/tensor.ts';
import { type Adaptation, pooledHead } from '../models/model.ts';
import type { Bucket } from '../protocol/lengths.ts';
import type { Task } from '../tasks/task.ts';
import type { ProgramSetup } from './programs.ts';
import type { OutputLoss, RowHead } from './row_loss.ts';

/** What is there when the layers have run. */
export interface Top {
  readonly hidden: Tensor; // [B, T, C], the last hidden states
  readonly lengths: Tensor; // [B], tokens of each example, virtual ones included
  readonly adaptation: Adaptation;
}

/** One kind of output of a program. */
export interface Output {
  /** What the outputs are made of: [N, .., C]. */
  rows(g: Graph, top: Top): Tensor;
  /** Outputs [n, V] of n of the rows. */
  readonly head: RowHead;
  /** What each of the N rows should give. */
  readonly targets: Tensor;
  readonly loss: OutputLoss;
}

type OutputKind = (g: Graph, setup: ProgramSetup, bucket: Bucket) => Output;

/** A text becomes one vector, and that one row of outputs. */
const sequence: OutputKind = (g, { task, loss, backbone, pooling, num_labels, batch_size: B }) => {
  const { transform, head } = pooledHead(backbone, pooling);
  const weights = g.training && loss?.weighted ? g.input('class_weights', [num_labels], 'f32') : undefined; // [V]
  return {
    rows(g, { hidden, lengths, adaptation }) {
      const rows = g.section('pooler', () => pool(g, hidden, lengths, pooling)); // [B, C]
      return transform?.(g, rows, adaptation) ?? rows;
    },
    head: (g, rows) => head.apply(g, rows, num_labels),
    targets: g.input('labels', [B], task.targets.dtype),
    loss: (g, outputs, targets) => task.loss(g, outputs, targets, { label_smoothing: loss?.label_smoothing ?? 0, weights }),
  };
};

/** By the head that a task names. Its inputs are declared when it is asked for. */
export const outputKinds: Readonly<Record<Task['head'], OutputKind>> = { sequence };
