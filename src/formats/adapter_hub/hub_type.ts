// What one kind of adapter of AdapterHub's `adapters` library has of its own: which of our methods is the same function, under which conditions, and
// what its tensors are called. Not here: files and heads (layout.ts, head.ts). Invariant: what is not the same function is refused, either way.

import { shownValue } from '../../protocol/shown.ts';
import { type AdapterConfig, type HyperParameters, refuseAdapter, type TensorSpec } from '../adapter_archive.ts';
import type { TaskModel } from '../task_model.ts';
import type { TensorFile } from '../tensor_file.ts';

export const CONFIG = 'adapter_config.json';

/** The `config` of an adapter_config.json, as it was found. */
export type HubConfig = Readonly<Record<string, unknown>>;

export interface HubType {
  /** Our method and hyper-parameters. Error: `unsupported-adapter-hub`. */
  fromHub(given: HubConfig, file: TensorFile, model: TaskModel): { readonly method: string; readonly hyper_parameters: HyperParameters };
  /** The `config` that says this adapter, or why none does. `specs`: the tensors under our names. */
  toHub(config: AdapterConfig, specs: readonly TensorSpec[], model: TaskModel): Record<string, unknown> | string;
  /** What one of our tensors is called there, without the backbone's prefix; `adapter`: the adapter's name. */
  storedName(name: string, adapter: string): string;
}

export function refuseHub(given: HubConfig, key: string, wanted: string, file = CONFIG): never {
  return refuseAdapter(
    'unsupported-adapter-hub',
    `${file} says ${key} ${shownValue(given[key])}; only ${wanted} is the same function here.`,
    `${file}, ${key}`,
    'Which adapters of AdapterHub can be loaded is listed in docs/format.md.',
  );
}

/** Refuses what differs from `wanted`; a key that is not there has the library's default, which is what is wanted. */
export function requireHub(given: HubConfig, wanted: Readonly<Record<string, boolean | number | string | null>>): void {
  for (const [key, value] of Object.entries(wanted))
    if ((given[key] ?? value ?? null) !== value) refuseHub(given, key, JSON.stringify(value));
}

/** Layers without the adapter. */
export function leftOut(given: HubConfig): number[] {
  const layers = given['leave_out'] ?? [];
  if (!Array.isArray(layers) || !layers.every((layer) => Number.isInteger(layer) && layer >= 0))
    return refuseHub(given, 'leave_out', 'a list of layers');
  return [...new Set(layers as number[])].toSorted((a, b) => a - b);
}
