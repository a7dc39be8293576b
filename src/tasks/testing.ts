// For tests: examples with what a model made of them.

import type { Judged } from './task.ts';

const row = { input_ids: new Uint32Array(), token_type_ids: new Uint32Array(), length: 0, fullLength: 0, truncated: false };

/** Examples of a row each with outputs [N, V] and these targets. */
export const judgedRows = (outputs: Float32Array, targets: readonly number[]): Judged[] =>
  targets.map((label, i) => ({
    example: { rows: [row], label, length: 0 },
    outputs: [outputs.slice((i * outputs.length) / targets.length, ((i + 1) * outputs.length) / targets.length)],
  }));
