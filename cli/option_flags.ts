// Flags of the options of a run, made from the protocol's table: an option that is new has its flag, with its help, at once. Named with dashes.
// Not here: which command takes which (flags.ts).

import { methods, resolveOptions } from '../src/methods/registry.ts';
import { usualDefaults } from '../src/models/registry.ts';
import type { MethodOptions } from '../src/protocol/config.ts';
import { generationOptions } from '../src/protocol/options/generation.ts';
import { memoryOptions } from '../src/protocol/options/memory.ts';
import { methodOptions } from '../src/protocol/options/methods.ts';
import { modelOptions } from '../src/protocol/options/model.ts';
import { flagNameOf, kindOf, type Option, type Options } from '../src/protocol/options/option.ts';
import { readingOptions } from '../src/protocol/options/reading.ts';
import { optionTable } from '../src/protocol/options/table.ts';
import { trainingOptions } from '../src/protocol/options/training.ts';
import { bytes, choice, type FlagRow, flag, list, number, text } from './flag_rows.ts';

type Rows = Readonly<Record<string, FlagRow>>;

function rowOf(option: Option, help: string): FlagRow {
  const kind = kindOf(option);
  if (kind.kind === 'number') return option.unit === 'bytes' ? bytes(help) : number(help);
  if (kind.kind === 'words') return choice(kind.words, help);
  if (kind.kind === 'switch') return flag(help);
  if (kind.kind === 'text') return text(option.form ?? 'TEXT', help);
  return list(option.form ?? 'NAME,...', help);
}

const shown = (value: unknown): string => (Array.isArray(value) ? value.join(',') || 'none' : String(value));

const defaultText = (option: Option): string => {
  if (option.leftOut !== undefined) return ` (default: ${option.leftOut})`;
  return kindOf(option).kind === 'switch' ? '' : ` (default: ${option.defaultText ?? shown(option.default)})`;
};

const rowsOf = <K extends string>(options: Readonly<Record<K, Option>>): Readonly<Record<string, FlagRow>> =>
  Object.fromEntries(
    Object.entries<Option>(options).map(([name, option]) => [flagNameOf(name, option), rowOf(option, option.help + defaultText(option))]),
  );

/** Which methods read it, and from what default; methods whose default is the same stand together. */
function readersText(name: keyof MethodOptions): string {
  const readers = methods.filter(({ uses }) => uses.includes(name));
  const byDefault = new Map<string, string[]>();
  for (const method of readers) {
    const standard = kindOf(methodOptions[name]).kind === 'switch' ? '' : shown(resolveOptions(method, {}, usualDefaults)[name]);
    byDefault.set(standard, [...(byDefault.get(standard) ?? []), method.name]);
  }
  const parts = [...byDefault].map(([standard, names]) => {
    const who = names.length === methods.length ? 'all methods' : names.join(', ');
    return standard === '' ? who : `${who}: ${standard}`;
  });
  return ` (${parts.join('; ')})`;
}

export const optionNames = Object.keys(methodOptions) as (keyof MethodOptions)[];
export const memoryNames = Object.keys(memoryOptions) as (keyof typeof memoryOptions)[];
export const trainingNames = Object.keys(trainingOptions) as (keyof typeof trainingOptions)[];

export const modelFlags: Rows = rowsOf(modelOptions);
/** What reads a file; a first row that is data has a flag of its own, for a switch alone can't say it. */
export const readingFlags: Rows = { ...rowsOf(readingOptions), 'no-header': flag('The first row is data; columns go by their numbers.') };
export const memoryFlags: Rows = rowsOf(memoryOptions);
export const trainingFlags: Rows = rowsOf(trainingOptions);
/** Of texts that are written, which are no part of a run. */
export const generationFlags: Rows = rowsOf(generationOptions);
export const methodFlags: Rows = Object.fromEntries(
  optionNames.map((name) => [
    flagNameOf(name, methodOptions[name]),
    rowOf(methodOptions[name], methodOptions[name].help + readersText(name)),
  ]),
);

const everyOption: Options = Object.assign({}, ...Object.values(optionTable));

export const isOption = (name: string): boolean => Object.hasOwn(everyOption, name);

/** The flag of an option, `--` included; of any other name the same with dashes. */
export function flagOf(name: string): string {
  const option = isOption(name) ? everyOption[name] : undefined;
  return `--${option === undefined ? name.replaceAll('_', '-') : flagNameOf(name, option)}`;
}

/** Those of the options that flags give, by name. The flag of a switch that is on by default turns it off. */
export function givenOptions(given: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  const pairs = names.map((name) => [name, given[flagOf(name).slice(2)]] as const);
  const turned = (name: string, value: unknown) =>
    value === true && isOption(name) && everyOption[name]?.default === true ? false : value;
  return Object.fromEntries(pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, turned(name, value)]])));
}
