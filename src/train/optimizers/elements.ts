// The update of optimizers that work element by element: one dispatch a range, whatever the number of parameters in it.

import { type ElementUpdate, updateElements } from '../../graph/ops/optimizer.ts';
import { packedKind } from '../../plan/persistent.ts';
import type { UpdateRequest } from './optimizer.ts';

/** Updates every range by `kernel`, whose bindings have the names of what is packed; `numbers` are the optimizer's own uniforms and overrides. */
export function updateRanges(
  { g, ranges, scalars, slot }: UpdateRequest,
  kernel: ElementUpdate,
  numbers: Readonly<Record<string, number>>,
): void {
  for (const range of ranges) {
    const { weight_decay, lr_scale } = range.group;
    const packed = Object.fromEntries([...range.kinds].map(([kind, { whole }]) => [kind, whole]));
    updateElements(
      g,
      kernel,
      { ...packed, parameter: packedKind(range, 'parameter').whole, scalars },
      { ...numbers, weight_decay, lr_scale, slot },
    );
  }
}
