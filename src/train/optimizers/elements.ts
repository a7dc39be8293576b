// The update of optimizers that work element by element: one dispatch per slab, whatever the number of parameters in it.

import { type ElementUpdate, updateElements } from '../../graph/ops/optimizer.ts';
import { packedKind } from '../../plan/persistent.ts';
import type { UpdateRequest } from './optimizer.ts';

/** Updates every slab by `kernel`, whose bindings have the names of what is packed; `numbers` are the optimizer's own uniforms and overrides. */
export function updateSlabs(
  { g, slabs, scalars, slot }: UpdateRequest,
  kernel: ElementUpdate,
  numbers: Readonly<Record<string, number>>,
): void {
  for (const slab of slabs) {
    const { weight_decay, lr_scale } = slab.group;
    const packed = Object.fromEntries([...slab.kinds].map(([kind, { whole }]) => [kind, whole]));
    updateElements(
      g,
      kernel,
      { ...packed, parameter: packedKind(slab, 'parameter').whole, scalars },
      { ...numbers, weight_decay, lr_scale, slot },
    );
  }
}
