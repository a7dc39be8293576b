// What one PEFT type has of its own: how its hyper-parameters are called in adapter_config.json, and where each tensor lies in PEFT's file.
// Not here: reading and writing the files, which all types share (layout.ts). Invariant: what a type can't say in PEFT's terms it refuses
// to write, and what PEFT says and it can't hold it refuses to read; nothing is passed over.

import { shownValue } from '../../protocol/shown.ts';
import { type AdapterConfig, type AdapterTensor, type HyperParameters, refuseAdapter, type TensorSpec } from '../adapter_archive.ts';
import type { TaskModel } from '../task_model.ts';

export const CONFIG = 'adapter_config.json';
export const TENSORS = 'adapter_model.safetensors';
/** What PEFT wrote before 0.6, and writes without safe_serialization. PEFT reads it where the other is not there. */
export const TORCH_TENSORS = 'adapter_model.bin';

/** PEFT's adapter_config.json as it was found. */
export type PeftConfig = Readonly<Record<string, unknown>>;

/** A tensor in PEFT's file: all of it under that name in that shape, or those columns of it that begin at `column`. */
export interface Place {
  readonly name: string;
  readonly shape: readonly number[];
  readonly column?: number;
}

/** An adapter on a dense layer of the head itself, which has no place in ours. */
export interface HeadAdapter {
  readonly specs: readonly TensorSpec[];
  /** A parameter of that layer with the adapter in it. */
  put(name: string, part: Float32Array, adapter: ReadonlyMap<string, AdapterTensor>): Float32Array;
}

/** What a type may ask about the base and the file while it reads a configuration. */
export interface PeftBase {
  readonly model: TaskModel;
  /** Whether a parameter is the head's. */
  isHead(name: string): boolean;
  /** Names of the tensors in the file, as ours: without prefixes. */
  readonly stored: ReadonlySet<string>;
  /** What Retrace itself noted of an adapter that it wrote; empty for others. */
  readonly mirrored: Readonly<Record<string, unknown>>;
}

export interface PeftType {
  readonly peft_type: string;
  /** Our method of the same forward pass. */
  readonly method: string;
  /** Where the task is not named PEFT leaves these out of the forward pass. */
  readonly needsTask?: boolean;
  /** What stands before the head's names in the file, and before the backbone's own prefix. */
  readonly prefix: string;
  /** Why an adapter of these tensors can't be said in PEFT's terms, where it can't. */
  refuses?(specs: readonly TensorSpec[], model: TaskModel, config: AdapterConfig): string | undefined;
  /** Its own keys of adapter_config.json. `specs`: all tensors under our names. */
  toPeft(config: AdapterConfig, specs: readonly TensorSpec[], model: TaskModel): Record<string, unknown>;
  /** Our hyper-parameters. Error: `unsupported-peft`. */
  fromPeft(given: PeftConfig, base: PeftBase): HyperParameters;
  /** What this configuration puts on the head's dense layer of that name and shape. Error: `unsupported-peft`. */
  onHead?(given: PeftConfig, model: TaskModel, path: string, shape: readonly [out: number, into: number]): HeadAdapter;
  /** Keys of adapter_config.json that change nothing here, or that `fromPeft` looks at. */
  readonly known: readonly string[];
  /** `inBackbone` puts PEFT's and the backbone's prefix before a module path. Never asked for the head. */
  place(spec: TensorSpec, specs: readonly TensorSpec[], config: AdapterConfig, inBackbone: (path: string) => string): Place;
}

export function refusePeft(given: PeftConfig, key: string, wanted: string): never {
  return refuseAdapter(
    'unsupported-peft',
    `${CONFIG} says ${key} ${shownValue(given[key])}; ${wanted} is supported.`,
    `${CONFIG}, ${key}`,
    'Save the adapter without this option; what can be loaded of PEFT is listed in docs/format.md.',
  );
}

/** A whole number from 1. */
export function countOf(given: PeftConfig, key: string, preset?: number): number {
  const value = given[key] ?? preset;
  return Number.isInteger(value) && (value as number) >= 1 ? (value as number) : refusePeft(given, key, 'a whole number from 1');
}

export function numberOf(given: PeftConfig, key: string, preset: number): number {
  const value = given[key] ?? preset;
  return typeof value === 'number' ? value : refusePeft(given, key, 'a number');
}

/** As PEFT chooses modules by name: the whole path, or its last parts. */
export const matches = (path: string, names: readonly string[]): boolean =>
  names.some((name) => path === name || path.endsWith(`.${name}`));

/** The names in a hyper-parameter of ours. */
export const listed = (value: HyperParameters[string] | undefined): string[] => (Array.isArray(value) ? value : []);

/** Index of the layer in a path such as `encoder.layer.3.attention.self.query` or `h.3.attn.c_attn`. */
export const layerOf = (path: string): number => Number(/\.(\d+)\./.exec(path)?.[1] ?? Number.NaN);

/** The lowest layer that has something of an adapter's. */
export const lowestLayer = (specs: readonly TensorSpec[]): number =>
  specs.reduce((lowest, { name }) => (Number.isNaN(layerOf(name)) ? lowest : Math.min(lowest, layerOf(name))), Number.POSITIVE_INFINITY);
