// Starting values of what does not come from a checkpoint: adapters and the classifier. Drawn by parameter name, so they do not depend on order.

import { type Initial, type Parameter, sizeOf } from '../graph/tensor.ts';
import { randomKey, randomNormal, randomUniform, siteId } from '../random/counter.ts';

const drawn: Readonly<Record<Exclude<Initial['from'], 'row-means'>, (initial: Initial, key: number, i: number) => number>> = {
  checkpoint: () => {
    throw new Error('a parameter from the checkpoint is not drawn');
  },
  constant: (initial) => (initial.from === 'constant' ? initial.value : 0),
  normal: (initial, key, i) => (initial.from === 'normal' ? initial.std * randomNormal(key, i) : 0),
  uniform: (initial, key, i) => (initial.from === 'uniform' ? initial.bound * (2 * randomUniform(key, i) - 1) : 0),
};

/** Row i: `scale` times the mean of the i-th of `count` equal groups of rows. */
function rowMeans(rows: Float32Array, count: number, columns: number, scale: number): Float32Array<ArrayBuffer> {
  const means = new Float32Array(count * columns);
  const group = rows.length / means.length;
  for (let i = 0; i < means.length; i++) {
    let sum = 0;
    for (let j = 0; j < group; j++) sum += rows[(Math.floor(i / columns) * group + j) * columns + (i % columns)] as number;
    means[i] = (scale * sum) / group;
  }
  return means;
}

/** Values of a parameter that is not in the checkpoint, row-major. `others` by name: those that a start may refer to. */
export function initialValues(
  { name, shape, initial }: Parameter,
  seed: number,
  others: ReadonlyMap<string, Parameter>,
): Float32Array<ArrayBuffer> {
  if (initial.from === 'row-means') {
    const source = others.get(initial.of);
    if (!source) throw new Error(`'${name}' starts from '${initial.of}', which is not there`);
    return rowMeans(initialValues(source, seed, others), shape[0] as number, shape[1] as number, initial.scale);
  }
  const key = randomKey(seed, 0, siteId(name));
  const values = new Float32Array(sizeOf(shape));
  const draw = drawn[initial.from];
  for (let i = 0; i < values.length; i++) values[i] = draw(initial, key, i);
  return values;
}
