// What a BERT of any size holds, and the beginning of its model.safetensors: enough to write it, or to serve it without having it.

import { elementsOf } from '../src/formats/tensor_file.ts';
import { backboneOf } from '../src/models/registry.ts';
import { backboneParameters } from '../src/session/models/required_weights.ts';

export interface NamedShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What a BERT of this configuration holds. */
export const bertParameters = (config: object): NamedShape[] =>
  backboneParameters(
    { name: 'large', pooling: 'cls', storedType: () => 'f32', backbone: (dropout) => backboneOf(config, 'large', dropout) },
    'cls',
  );

/** What stands before the numbers of a model.safetensors of f32, and the length of the whole file. */
export function safetensorsHead(tensors: readonly NamedShape[]): { readonly head: Uint8Array; readonly size: number } {
  let at = 0;
  const header = Object.fromEntries(
    tensors.map(({ name, shape }) => {
      const begin = at;
      at += 4 * elementsOf(shape);
      return [name, { dtype: 'F32', shape, data_offsets: [begin, at] }];
    }),
  );
  const json = new TextEncoder().encode(JSON.stringify(header));
  const head = new Uint8Array(8 + json.length);
  new DataView(head.buffer).setBigUint64(0, BigInt(json.length), true);
  head.set(json, 8);
  return { head, size: head.length + at };
}
