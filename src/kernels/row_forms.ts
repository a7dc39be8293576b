// Forms for graphics processors of what is no matrix product and no attention: norms and losses with a workgroup a row, sums over rows with their blocks side by side,
// streams and readings by lanes that take neighbouring elements, sums of columns by several lanes each. Part of the table in forms.ts, whose rules hold here; nobody else imports it.

import type { FormSpec } from './forms.ts';
import type { KernelName } from './table.ts';

/** A workgroup a row. */
const row = (rows: string): FormSpec => ({ devices: 'gpu', work: [[rows]], tile: [1] });

/** Lanes take neighbouring elements, 1,024 to a workgroup. */
const strided: FormSpec = { devices: 'gpu', tile: [1024] };

/**
 * A sum over rows: 16 outputs a workgroup, whose threads sum blocks of rows side by side. Where there is one block, it is summed as the first form does, so the number
 * of rows need not decide.
 */
const lanes: FormSpec = { devices: 'gpu', tile: [16] };

export const rowForms: { readonly [Name in KernelName]?: Readonly<Record<string, FormSpec>> } = {
  gemm_tn_ragged: { lanes: { ...lanes, work: [['N', 'K']] } },
  column_sum: { lanes },
  column_dot: { lanes },
  layer_norm: { row: row('N') },
  layer_norm_backward: { row: row('N') },
  layer_norm_parameters: { lanes },
  rms_norm: { row: row('N') },
  rms_norm_backward: { row: row('N') },
  rms_norm_weight: { lanes },
  gate_backward: { row: row('N') },
  gate_alpha: { lanes: { devices: 'gpu' } },
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
