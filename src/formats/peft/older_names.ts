// PEFT adapters under the module names of an older Transformers, which renamed those of ViT in 5.9: an older file read as a new one, and a new one written for
// older readers. PEFT itself renames nothing: over the other names it finds no modules, or leaves the adapter out.
// Invariant: what is renamed is chosen by the base's own modules, so that a name that means several of them keeps meaning all of them.

import type { TaskModel } from '../task_model.ts';
import type { TensorFile } from '../tensor_file.ts';
import { matches, type PeftConfig } from './peft_type.ts';
import { fullMatcher } from './python_regex.ts';

/** Keys of a configuration that choose modules by names. */
const choosing = ['target_modules', 'feedforward_modules', 'exclude_modules', 'modules_to_save'] as const;

type Older = (name: string) => string;

/** Whose names modules have in a file: the newest Transformers', or those before it renamed some. */
export type ModuleNames = 'newest' | 'older';

/** The names of the base's modules and parameters by their older ones, longest first. */
function newerNames(model: TaskModel, older: Older): readonly (readonly [older: string, newer: string])[] {
  const { dense, parameters } = model.names();
  const changed = [
    ...dense.map((path) => [older(`${path}.`), `${path}.`] as const),
    ...parameters.map((name) => [older(name), name] as const),
  ];
  return changed.filter(([one, other]) => one !== other).toSorted(([a], [b]) => b.length - a.length);
}

/** A file with older names as one with new ones, with its configuration; as it is where it has none. */
export function withNewNames(file: TensorFile, given: PeftConfig, model: TaskModel): { file: TensorFile; given: PeftConfig } {
  const { older } = model;
  if (!older) return { file, given };
  const pairs = newerNames(model, older);
  const renamed = (stored: string): string => {
    const pair = pairs.find(([one]) => stored.includes(model.prefix + one));
    return pair === undefined ? stored : stored.replace(model.prefix + pair[0], model.prefix + pair[1]);
  };
  const names = new Map([...file.tensors.keys()].map((stored) => [stored, renamed(stored)]));
  if ([...names].every(([one, other]) => one === other)) return { file, given };
  const tensors = new Map(
    [...file.tensors].map(([stored, entry]) => [names.get(stored) as string, { ...entry, name: names.get(stored) as string }]),
  );
  return { file: { ...file, tensors }, given: { ...given, ...chosenAnew(given, model, older) } };
}

/** What older names choose, as full paths under new names. */
function chosenAnew(given: PeftConfig, model: TaskModel, older: Older): Readonly<Record<string, unknown>> {
  const { dense } = model.names();
  const olderPath = (path: string): string => model.prefix + older(`${path}.`).slice(0, -1);
  const named = (name: unknown): readonly unknown[] => {
    const meant = typeof name === 'string' ? dense.filter((path) => matches(olderPath(path), [name])) : [];
    return meant.length > 0 ? meant : [name];
  };
  const chosen = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.flatMap(named);
    if (typeof value !== 'string' || value.toLowerCase() === 'all-linear') return value;
    const isMeant = fullMatcher(value);
    return dense.filter((path) => isMeant(olderPath(path)));
  };
  return Object.fromEntries(
    choosing.flatMap((key) => (given[key] === undefined || given[key] === null ? [] : [[key, chosen(given[key])]])),
  );
}

/** A configuration for older readers: names of modules as lists of full paths where the ends of names do not say the same. */
export function configForOlder(config: Readonly<Record<string, unknown>>, model: TaskModel): Record<string, unknown> {
  const { older } = model;
  if (!older) return { ...config };
  const { dense } = model.names();
  const olderPath = (path: string): string => older(`${path}.`).slice(0, -1);
  const renamed = (name: string): string[] => {
    const meant = dense.filter((path) => matches(path, [name]));
    const [first] = meant;
    if (first === undefined) return [name];
    const end = olderPath(first).split('.').at(-1) ?? name;
    const isSame = dense.every((path) => matches(olderPath(path), [end]) === meant.includes(path));
    return isSame ? [end] : meant.map((path) => model.prefix + olderPath(path));
  };
  const lists = choosing.flatMap((key) => {
    const value = config[key];
    return Array.isArray(value) ? [[key, [...new Set(value.flatMap((name) => renamed(String(name))))].toSorted()] as const] : [];
  });
  return { ...config, ...Object.fromEntries(lists) };
}

/** A tensor's name for older readers. */
export const nameForOlder = (stored: string, model: TaskModel): string => {
  const at = stored.indexOf(model.prefix);
  if (!model.older || at < 0) return stored;
  const begin = at + model.prefix.length;
  return stored.slice(0, begin) + model.older(stored.slice(begin));
};
