// What the tensors of a PEFT file are called here. PEFT's own names changed: before 0.6 an adapted layer's bias stood beside its adapter and not in
// a `base_layer`, files of whole state dicts keep `modules_to_save` and the adapter's name `default`, and with every bias the head's is saved three
// times. Invariant: one of our names has one tensor of the file, and a tensor that is passed over is a copy that PEFT does not read.

import type { TaskModel } from '../task_model.ts';
import type { TensorFile } from '../tensor_file.ts';
import type { PeftType } from './peft_type.ts';

export interface StoredNames {
  /** By the names that PEFT's prefixes and wrappers leave. */
  readonly ours: ReadonlyMap<string, string>;
  readonly copies: ReadonlySet<string>;
}

export const withoutPrefix = (name: string, prefix: string): string => (name.startsWith(prefix) ? name.slice(prefix.length) : name);

const withoutWrappers = (name: string): string =>
  name
    .replace(/\.default(?=\.|$)/g, '')
    .replace(/\.modules_to_save(?=\.)/g, '')
    .replace(/\.base_layer(?=\.)/g, '');

/** PEFT's name without what PEFT and Transformers put round ours. */
export const ourName = ({ prefix }: PeftType, model: TaskModel, stored: string): string =>
  withoutPrefix(withoutWrappers(withoutPrefix(stored, prefix)), model.prefix);

export function storedNames(type: PeftType, model: TaskModel, { tensors }: TensorFile): StoredNames {
  const ours = new Map<string, string>();
  const copies = new Set<string>();
  // What is wrapped least comes first: it is what PEFT reads.
  const shortestFirst = [...tensors.keys()].toSorted((a, b) => a.length - b.length);
  for (const stored of shortestFirst) {
    const own = ourName(type, model, stored);
    const isCopy = /\.original_module\./.test(stored) || (ours.has(own) && /\.modules_to_save\./.test(stored));
    if (isCopy) copies.add(stored);
    else if (!ours.has(own)) ours.set(own, stored);
  }
  return { ours, copies };
}
