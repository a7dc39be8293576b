// Which modules of the base a PEFT configuration means, by the rules of PEFT's `check_target_module_exists` and `get_pattern_key` (0.21). Names that
// end a path stay as they are; what chooses otherwise (a regular expression, exclusions, layers by number) becomes the full paths that it chooses.
// Invariant: paths are the backbone's own, without the prefix of Transformers' task model, which PEFT's rules see and which is put back for them.

import { refuseAdapter } from '../adapter_archive.ts';
import { headLayers, headModules, type TaskModel } from '../task_model.ts';
import { CONFIG, matches, type PeftBase, type PeftConfig, refusePeft } from './peft_type.ts';
import { fullMatcher, PatternError } from './python_regex.ts';
import { withoutPrefix } from './stored_names.ts';

/** Regular expressions in one rank_pattern or alpha_pattern, each of which is tried on every module. */
const mostPatterns = 32;

const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]);
const isText = (value: unknown): value is string => typeof value === 'string';
const isGiven = (value: unknown): boolean => value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);

/** Runs what matches patterns of `key`; one that is not supported is refused there. */
export function reading<T>(given: PeftConfig, key: string, run: () => T): T {
  try {
    return run();
  } catch (thrown) {
    if (!(thrown instanceof PatternError)) throw thrown;
    return refuseAdapter(
      'unsupported-peft',
      `${CONFIG} says ${key} ${JSON.stringify(given[key])}, a regular expression that is not read here: ${thrown.message}.`,
      `${CONFIG}, ${key}`,
      'Save the adapter with a list of module names in its place.',
    );
  }
}

/** A list of names, or a regular expression: whether a path (with its prefix) is among them. */
function choosing(given: PeftConfig, key: string, value: unknown): (path: string) => boolean {
  if (isText(value)) return fullMatcher(value);
  if (Array.isArray(value) && value.every(isText)) return (path) => matches(path, value);
  return refusePeft(given, key, 'a list of names or a regular expression');
}

/** Number of the layer that a path lies in, by PEFT's rule. */
function layerBy(patterns: readonly string[]): (path: string) => number | undefined {
  const before = (patterns.length > 0 ? patterns : [undefined]).map((pattern) =>
    fullMatcher(pattern === undefined ? String.raw`.*?\.[^.]*\.` : String.raw`(?:^|.*?\.)${pattern}\.`),
  );
  return (path) => {
    const segments = [...path.matchAll(/(?<=\.)\d+(?=\.)/g)];
    for (const matcher of before) {
      const found = segments.find(({ index }) => matcher(path.slice(0, index)));
      if (found) return Number(found[0]);
    }
    return undefined;
  };
}

function layersToTransform(given: PeftConfig): number[] | undefined {
  const { layers_to_transform: layers, target_modules } = given;
  if (!isGiven(layers)) return undefined;
  const listed = asList(layers);
  if (!listed.every(Number.isInteger)) return refusePeft(given, 'layers_to_transform', 'a number of a layer, or a list of them');
  if (isText(target_modules)) return refusePeft(given, 'layers_to_transform', 'none beside a regular expression in target_modules');
  return listed as number[];
}

/** What PEFT itself adds for text classification, whatever the model has. */
export const presumedHeads = ['classifier', 'score'];

/** Modules that are trained whole, the head left out. Those that the base has not are passed over, as PEFT does. */
export function modulesToSave(given: PeftConfig, base: PeftBase): string[] {
  const saved = asList(given.modules_to_save);
  if (!saved.every(isText)) return refusePeft(given, 'modules_to_save', 'a list of names');
  const { model } = base;
  const heads = [...presumedHeads, ...headModules(model.head(model.pooling))];
  const own = saved.filter((name) => !heads.includes(name)).map((name) => withoutPrefix(name, model.prefix));
  const named = own.length === 0 ? own : own.filter((name) => model.names().parameters.some((path) => liesUnder(path, name)));
  return [...new Set([...named, ...storedModules(base, named)])].toSorted();
}

/** PEFT saves embeddings that were resized or adapted without naming them, and loads whatever has a parameter's own name. */
function storedModules({ stored, model, isHead }: PeftBase, named: readonly string[]): string[] {
  const weights = [...stored].filter((name) => name.endsWith('.weight') && !/\.(?:lora_[A-Z]|ia3_l)\b/.test(name) && !isHead(name));
  if (weights.length === 0) return [];
  const parameters = new Set(model.names().parameters);
  return weights
    .filter((name) => parameters.has(name) && !named.some((module) => liesUnder(name, module)))
    .map((name) => name.slice(0, name.lastIndexOf('.')));
}

/** Whether a parameter belongs to a module of that name, by PEFT's rule: the name ends the path of the module or of one round it. */
const liesUnder = (parameter: string, module: string): boolean =>
  `.${parameter.slice(0, parameter.lastIndexOf('.'))}.`.includes(`.${module}.`);

/** The modules that get an adapter: names as they are given where their ends decide alone, else full paths. `defaults` where none is given. */
export function targetModules(given: PeftConfig, base: PeftBase, defaults: readonly string[], saved: readonly string[]): string[] {
  const { target_modules, exclude_modules } = given;
  const targets: unknown = target_modules ?? defaults;
  const layers = layersToTransform(given);
  const plain = Array.isArray(targets) && targets.every(isText) && !isGiven(exclude_modules) && layers === undefined;
  const { model } = base;
  // An adapter on the head is read with it (head.ts).
  const onHead = headLayers(model.head(model.pooling));
  if (plain)
    return [...new Set(targets.map((name) => withoutPrefix(name, model.prefix)))].filter((name) => !onHead.includes(name)).toSorted();
  const { dense } = model.names();
  const all = isText(targets) && targets.toLowerCase() === 'all-linear';
  return reading(given, isText(targets) ? 'target_modules' : isGiven(exclude_modules) ? 'exclude_modules' : 'layers_pattern', () => {
    const chosen = all ? () => true : choosing(given, 'target_modules', targets);
    const excluded = isGiven(exclude_modules) ? choosing(given, 'exclude_modules', exclude_modules) : () => false;
    const layerOf =
      layers && layerBy(asList(given.layers_pattern).filter((pattern): pattern is string => isText(pattern) && pattern !== ''));
    // PEFT heeds layers for names that end a path, not for whole paths.
    const inLayers = (path: string) =>
      !layers || !layerOf || (Array.isArray(targets) && targets.includes(path)) || layers.includes(layerOf(path) ?? -1);
    const isTarget = (path: string) => chosen(path) && inLayers(path) && !excluded(path);
    const found = dense.filter((path) => isTarget(model.prefix + path) && !saved.some((module) => `.${path}.`.includes(`.${module}.`)));
    return found.length > 0
      ? found
      : refusePeft(given, 'target_modules', `what chooses some of the base's dense layers (${dense.slice(0, 6).join(', ')}, …)`);
  });
}

/** Whether the matrices of these dense layers are stored [in, out], which PEFT asks of each adapter as a whole. */
export function fanInFanOut(paths: readonly string[], model: TaskModel): boolean {
  const { transposed } = model.names();
  return paths.some((path) => transposed.includes(`${path}.weight`));
}

/** Of these target modules (as `targetModules` gives them) those that a list or a regular expression names. */
export function amongTargets(given: PeftConfig, key: string, value: unknown, targets: readonly string[], base: PeftBase): string[] {
  if (Array.isArray(value) && value.every((name) => isText(name) && targets.includes(withoutPrefix(name, base.model.prefix))))
    return value.map((name) => withoutPrefix(String(name), base.model.prefix)).toSorted();
  return reading(given, key, () => {
    const named = ending(given, key, value);
    return base.model.names().dense.filter((path) => matches(path, targets) && named(base.model.prefix + path));
  });
}

/** As `choosing`, but any end of a path is taken, also within a name: PEFT's rule for feedforward_modules. Error also: `PatternError`. */
export function ending(given: PeftConfig, key: string, value: unknown): (path: string) => boolean {
  if (isText(value)) return fullMatcher(value);
  if (Array.isArray(value) && value.every(isText)) return (path) => value.some((name) => path.endsWith(name));
  return refusePeft(given, key, 'a list of names or a regular expression');
}

/** The names or regular expressions of rank_pattern or alpha_pattern, and their numbers. */
function patternEntries(given: PeftConfig, key: string): [pattern: string, n: number][] {
  const value = given[key];
  if (!isGiven(value)) return [];
  const entries = typeof value === 'object' && !Array.isArray(value) ? Object.entries(value as Record<string, unknown>) : undefined;
  const fits = (n: unknown): n is number => typeof n === 'number' && n > 0 && (key === 'alpha_pattern' || Number.isInteger(n));
  const numeric = entries?.filter((entry): entry is [string, number] => fits(entry[1]));
  if (numeric === undefined || numeric.length < (entries?.length ?? 0))
    return refusePeft(given, key, 'an object of module names and positive numbers');
  return numeric.length <= mostPatterns || numeric.every(isPlain)
    ? numeric
    : refusePeft(given, key, `at most ${mostPatterns} regular expressions`);
}

const isPlain = ([pattern]: readonly [string, number]): boolean => /^[\w.]+$/.test(pattern);

/** The number that such a pattern has for a path: that of the first that fits. */
function patternNumber(entries: readonly (readonly [string, number])[]): (path: string) => number | undefined {
  const matchers = entries.map(([pattern, n]) => [fullMatcher(String.raw`(.*\.)?(${pattern})`), n] as const);
  return (path) => matchers.find(([fits]) => fits(path))?.[1];
}

/** rank_pattern or alpha_pattern as `name=number`, the first that fits a module deciding. */
export function patternOf(given: PeftConfig, key: string, base: PeftBase): string[] {
  const entries = patternEntries(given, key);
  if (entries.every(isPlain)) return entries.map(([name, n]) => `${withoutPrefix(name, base.model.prefix)}=${n}`);
  return reading(given, key, () => {
    const numberOf = patternNumber(entries);
    return base.model.names().dense.flatMap((path) => {
      const n = numberOf(base.model.prefix + path);
      return n === undefined ? [] : [`${path}=${n}`];
    });
  });
}

/** The number that rank_pattern or alpha_pattern has for one path. */
export const patternFor = (given: PeftConfig, key: string, path: string): number | undefined =>
  reading(given, key, () => patternNumber(patternEntries(given, key))(path));
