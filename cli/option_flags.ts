// Flags of the methods' hyper-parameters, made from their schemas: a new hyper-parameter has its flag at once. Named with dashes.

import { factsOf } from '../src/methods/options.ts';
import { methods } from '../src/methods/registry.ts';
import { type MethodOptions, methodOptionSchemas } from '../src/protocol/config.ts';
import { choice, type FlagRow, flag, list, number } from './flag_rows.ts';

export const optionNames = Object.keys(methodOptionSchemas) as (keyof MethodOptions)[];

function rowOf(name: keyof MethodOptions): FlagRow {
  const schema = methodOptionSchemas[name];
  const users = methods.filter(({ uses }) => uses.includes(name));
  const labels = [...new Set(users.map((method) => factsOf(method, name).label))].join(' / ');
  const help = `${labels} (${users.length === methods.length ? 'all methods' : users.map((method) => method.name).join(', ')})`;
  if (schema.type === 'picklist') return choice(schema.options, help);
  if (schema.type === 'array') return list('NAME,...', help);
  return schema.type === 'boolean' ? flag(help) : number(help);
}

export const optionFlags: Readonly<Record<string, FlagRow>> = Object.fromEntries(
  optionNames.map((name) => [name.replaceAll('_', '-'), rowOf(name)]),
);
