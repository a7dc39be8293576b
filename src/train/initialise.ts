// Starting values of what does not come from a checkpoint: adapters and the classifier. Drawn by parameter name, so they do not depend on order.

import { type Initial, type Parameter, sizeOf } from '../graph/ir.ts';
import { randomKey, randomNormal, randomUniform, siteId } from '../random/counter.ts';

const drawn: Readonly<Record<Initial['from'], (initial: Initial, key: number, i: number) => number>> = {
  checkpoint: () => {
    throw new Error('a parameter from the checkpoint is not drawn');
  },
  constant: (initial) => (initial.from === 'constant' ? initial.value : 0),
  normal: (initial, key, i) => (initial.from === 'normal' ? initial.std * randomNormal(key, i) : 0),
  uniform: (initial, key, i) => (initial.from === 'uniform' ? initial.bound * (2 * randomUniform(key, i) - 1) : 0),
};

/** Values of a parameter that is not in the checkpoint, row-major. */
export function initialValues({ name, shape, initial }: Parameter, seed: number): Float32Array<ArrayBuffer> {
  const key = randomKey(seed, 0, siteId(name));
  const values = new Float32Array(sizeOf(shape));
  const draw = drawn[initial.from];
  for (let i = 0; i < values.length; i++) values[i] = draw(initial, key, i);
  return values;
}
