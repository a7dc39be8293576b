// Forms for graphics processors of what is no matrix product and no attention: norms and losses with a workgroup a row, sums over rows with their blocks side by side,
// streams and readings by lanes that take neighbouring elements, sums of columns by several lanes each. Part of the table in forms.ts, whose rules hold here; nobody else imports it.

import { blocksOf } from './blocks.ts';
import type { FormSpec } from './forms.ts';
import type { KernelName } from './table.ts';

/** A workgroup a row. */
const row = (rows: string): FormSpec => ({ devices: 'gpu', work: [[rows]], tile: [1] });

/** Lanes take neighbouring elements, 1,024 to a workgroup. */
const strided: FormSpec = { devices: 'gpu', tile: [1024] };

/** Workgroups that a grid can have along one side, by WebGPU's default limits. */
const side = 65535;

/**
 * A sum over rows, whose number is the uniform `rows`, with blocks of them side by side: an output of a block a thread. `columns`: of the matrices whose products
 * are summed, one of them where it is one output a column. It fits where there are several blocks, and their partial sums are at most half of what is read:
 * where a block is a row, as under a classifier's head, rows are few.
 */
const byBlocks = (rows: string, outputs: readonly string[], columns: readonly string[]): FormSpec => ({
  devices: 'gpu',
  blocks: { rows, outputs },
  work: [columns, ['blocks']],
  tile: [64, 1],
  fits({ uniforms }) {
    const of = (name: string) => uniforms[name] as number;
    const blocks = blocksOf(of(rows), of('T'), of('first'));
    const size = columns.reduce((product, name) => product * of(name), 1);
    const width = columns.length > 0 ? columns.reduce((sum, name) => sum + of(name), 0) : 1;
    return blocks > 1 && blocks <= side && size <= 64 * side && 2 * blocks * size <= of(rows) * width;
  },
});

export const rowForms: { readonly [Name in KernelName]?: Readonly<Record<string, FormSpec>> } = {
  gemm_tn_ragged: { blocks: byBlocks('M', ['d_w', 'd_bias'], ['N', 'K']) },
  column_sum: { blocks: byBlocks('M', ['d_bias'], ['N']) },
  column_dot: { blocks: byBlocks('N', ['d_l'], ['C']) },
  layer_norm: { row: row('N') },
  layer_norm_backward: { row: row('N') },
  layer_norm_parameters: { blocks: byBlocks('N', ['d_weight', 'd_bias'], ['C']) },
  rms_norm: { row: row('N') },
  rms_norm_backward: { row: row('N') },
  rms_norm_weight: { blocks: byBlocks('N', ['d_weight'], ['C']) },
  gate_backward: { row: row('N') },
  gate_alpha: { blocks: { ...byBlocks('N', ['d_alpha'], []), work: [['blocks']], tile: [64] } },
  softmax_cross_entropy: { row: row('B') },
  softmax_cross_entropy_wide: { row: row('B') },
  stream_quantize: { strided },
  stream_couple: { strided },
  stream_uncouple: { strided },
  watch: { strided },
  max_difference: { strided },
  // All partial sums are one row.
  clip_scale: { row: { devices: 'gpu' } },
  adafactor_column: { columns: { devices: 'gpu', tile: [32] } },
};
