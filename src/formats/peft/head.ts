// The classifier of an adapter that PEFT saved without it: PEFT leaves the base's own in use, with an adapter on it where the configuration chooses it
// (as "all-linear" does without a task type), which is put into its weights here. Invariant: what the file has of a head is never the base's.

import { type AdapterExpectations, type AdapterTensor, refuseAdapter } from '../adapter_archive.ts';
import { readTensors } from '../adapter_tensors.ts';
import { headLayers, headModules } from '../task_model.ts';
import type { TensorFile } from '../tensor_file.ts';
import { presumedHeads } from './modules.ts';
import { type PeftBase, type PeftConfig, type PeftType, refusePeft } from './peft_type.ts';
import type { StoredNames } from './stored_names.ts';

export interface ForeignHead {
  readonly num_labels: number;
  /** The parts that are the base's. */
  readonly fromBase: ReadonlyMap<string, AdapterTensor>;
  /** Tensors of the file that were put into them. */
  readonly merged: ReadonlySet<string>;
}

/** Errors: `missing-tensor`, where neither file nor base has a classifier; `unsupported-peft`, where it is adapted and not saved whole. */
export async function foreignHead(
  type: PeftType,
  given: PeftConfig,
  { model, isHead }: PeftBase,
  { ours }: StoredNames,
  file: TensorFile,
  expect: AdapterExpectations,
): Promise<ForeignHead> {
  const head = model.head(model.pooling);
  const matrix = head.classes[0] ?? '';
  const layers = headLayers(head);
  const liesOn = (path: string) => (name: string) => name.startsWith(`${path}.`) && !isHead(name);
  const adapter = new Map([...ours].filter(([name]) => layers.some((path) => liesOn(path)(name))));
  const saved = file.tensors.get(ours.get(matrix) ?? '');
  const lacking = [...(saved === undefined ? head.classes : []), ...head.before].filter((name) => !ours.has(name));
  if (lacking.length === 0) return { num_labels: saved?.shape[0] ?? 1, fromBase: new Map(), merged: new Set() };
  const base = (await expect.head?.()) ?? 'no base model is there to take one from';
  if (typeof base === 'string') {
    const modules = headModules(head);
    const byTask = modules.every((name) => presumedHeads.includes(name)) ? 'task_type "SEQ_CLS" or ' : '';
    return refuseAdapter(
      'missing-tensor',
      `${file.source.name} has no ${lacking[0]} among its ${file.tensors.size} tensors: its head was not saved, and ${base}. PEFT would begin with a random one.`,
      file.source.name,
      `Choose the fine-tuned model that it was trained on, with its classifier; or save the adapter with ${byTask}modules_to_save ${JSON.stringify(modules)}.`,
    );
  }
  const fromBase = new Map([...base].filter(([name]) => lacking.includes(name)));
  const [num_labels = 1] = (saved ?? base.get(matrix))?.shape ?? [];
  for (const path of layers) {
    const onIt = new Map([...adapter].filter(([name]) => liesOn(path)(name)));
    if (onIt.size === 0) continue;
    const [out = 1, into = 1] = base.get(`${path}.weight`)?.shape ?? [];
    const { specs, put } =
      type.onHead?.(given, model, path, [out, into]) ?? refusePeft(given, 'target_modules', 'a classifier that is saved whole');
    const stored = new Set(onIt.values());
    const own = { ...file, tensors: new Map([...file.tensors].filter(([name]) => stored.has(name))) };
    const read = await readTensors(own, specs, (name) => onIt.get(name) ?? name);
    for (const [name, { shape, data }] of fromBase) fromBase.set(name, { shape, data: put(name, data, read) });
  }
  return { num_labels, fromBase, merged: new Set(adapter.values()) };
}
