// adafactor: second moments of matrices as row and column factors, no first moment (Shazeer & Stern 2018, as transformers.Adafactor with
// scale_parameter and relative_step off): a matrix [R, C] costs R + C numbers, not 2·R·C.

import { adafactor as step } from '../../graph/ops/adafactor.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { packedKind } from '../../plan/persistent.ts';
import type { Optimizer } from './optimizer.ts';

const isMatrix = ({ shape }: Tensor): boolean => shape.length > 1;
const firstOfTable = ({ rowBegin = 0 }: Tensor): boolean => rowBegin === 0;

/** Exponent of the decay of second moments, 1 - t^-0.8; what is added to squared gradients; largest root mean square of a step. */
const decay_rate = -0.8;
const eps = 1e-30;
const clip_threshold = 1;

export const adafactor: Optimizer = {
  states: () => [
    { name: 'exp_avg_sq_row', shape: (tensor) => (isMatrix(tensor) ? tensor.shape.slice(0, 1) : undefined) },
    // Of a whole table, also where it is split by rows.
    { name: 'exp_avg_sq_col', shape: (tensor) => (isMatrix(tensor) && firstOfTable(tensor) ? tensor.shape.slice(1) : undefined) },
    { name: 'exp_avg_sq', shape: (tensor) => (isMatrix(tensor) ? undefined : tensor.shape) },
  ],
  scalars: (t) => ({ beta2_t: 1 - t ** decay_rate }),
  update({ g, slabs, scalars, slot }) {
    // Pieces of a table may lie in several slabs of a group.
    const kept = new Map<string, Map<Tensor, Tensor>>();
    for (const { kinds } of slabs) {
      for (const [kind, { members }] of kinds) {
        const tensors = kept.get(kind) ?? new Map<Tensor, Tensor>();
        for (const { of, tensor } of members) tensors.set(of, tensor);
        kept.set(kind, tensors);
      }
    }
    const of = (kind: string, tensor: Tensor) => kept.get(kind)?.get(tensor);
    for (const slab of slabs) {
      const { weight_decay, lr_scale } = slab.group;
      for (const { of: first } of packedKind(slab, 'parameter').members) {
        if (!firstOfTable(first)) continue;
        const pieces = (first.parameter?.tensors ?? []).map((parameter) => ({
          parameter,
          gradient: of('gradient', parameter) as Tensor,
          row: (of('exp_avg_sq_row', parameter) ?? of('exp_avg_sq', parameter)) as Tensor,
        }));
        step(g, pieces, of('exp_avg_sq_col', first), scalars, { weight_decay, lr_scale, slot, eps, clip_threshold });
      }
    }
  },
};
