// Packs named scalars into the bytes of a uniform block. Not here: uniform buffers. Invariant: fields stand in the order of the kernel
// table, 4 bytes each, which is also the layout that WGSL gives to such a struct.
import type { ScalarType } from './kernel_spec.ts';

/** The bytes of a uniform block; every field must be given, an unknown one is a fault of the caller. */
export function packScalars(fields: Readonly<Record<string, ScalarType>>, values: Readonly<Record<string, number>>): ArrayBuffer {
  const names = Object.keys(fields);
  const unknown = Object.keys(values).find((name) => !(name in fields));
  if (unknown !== undefined) throw new Error(`no uniform field ${unknown}; there are ${names.join(', ')}`);
  const view = new DataView(new ArrayBuffer(names.length * 4));
  names.forEach((name, i) => {
    const value = values[name];
    if (value === undefined) throw new Error(`uniform field ${name} is missing`);
    if (fields[name] === 'f32') view.setFloat32(i * 4, value, true);
    else view.setUint32(i * 4, value, true);
  });
  return view.buffer;
}
