// What an option is: one record that says all of it. The schema of a run, its defaults, the flags of the command line and the fields of the page are
// made from these records, so neither side can have one that the other lacks. Not here: which options there are (training.ts, methods.ts, memory.ts,
// model.ts). Invariant: a default is a value that its own schema allows.

import * as v from 'valibot';

export type OptionSchema = v.GenericSchema<unknown, unknown>;

interface Texts<S extends OptionSchema> {
  /** What values it may have. Kind and bounds of its flag and field follow from it. */
  readonly schema: S;
  /** Its name on the page. */
  readonly label: string;
  /** What it does, in a sentence or two. */
  readonly help: string;
  /** Why its default is what it is. */
  readonly reason: string;
  /** How the page calls the values of an option that is one of a few words; left out: as they are. */
  readonly words?: S extends v.GenericSchema<string, string> ? Readonly<Record<v.InferOutput<S>, string>> : undefined;
  /** Its flag, where that is not its name with dashes. */
  readonly flag?: string;
  /** How its value is written on the command line, where that is not clear from the schema. */
  readonly form?: string;
  /** What its number counts, where people write it in larger units: 512MB, 1.5GiB. */
  readonly unit?: 'bytes';
  /** One of the few that stand in sight; the others are behind "Advanced". */
  readonly main?: true;
}

/** An option that always has a value. */
export interface OptionWithDefault<S extends OptionSchema> extends Texts<S> {
  readonly default: v.InferOutput<S>;
  /** Its default in words, where that depends on other choices. */
  readonly defaultText?: string;
}

/** An option that may be left out, with what happens then. */
export interface OptionLeftOut<S extends OptionSchema> extends Texts<S> {
  readonly leftOut: string;
}

/** Any option, as forms and flags read it. */
export interface Option {
  readonly schema: OptionSchema;
  readonly label: string;
  readonly help: string;
  readonly reason: string;
  readonly words?: Readonly<Record<string, string>> | undefined;
  readonly flag?: string;
  readonly form?: string;
  readonly unit?: 'bytes';
  readonly main?: true;
  readonly default?: unknown;
  readonly defaultText?: string;
  readonly leftOut?: string;
}

export type Options = Readonly<Record<string, Option>>;

export const option = <S extends OptionSchema>(record: OptionWithDefault<S>): OptionWithDefault<S> => record;
export const optionLeftOut = <S extends OptionSchema>(record: OptionLeftOut<S>): OptionLeftOut<S> => record;

type Entries<T extends Options> = {
  readonly [K in keyof T]: T[K] extends { readonly default: unknown }
    ? v.OptionalSchema<T[K]['schema'], v.InferOutput<T[K]['schema']>>
    : v.OptionalSchema<T[K]['schema'], undefined>;
};
type Choices<T extends Options> = { readonly [K in keyof T]: v.OptionalSchema<T[K]['schema'], undefined> };
type WithDefault<T extends Options> = { [K in keyof T]: T[K] extends { readonly default: unknown } ? K : never }[keyof T];

const mapped = (options: Options, of: (option: Option) => unknown) =>
  Object.fromEntries(Object.entries(options).map(([name, record]) => [name, of(record)]));

/** Entries of an object schema that fills in defaults. */
export const entriesOf = <T extends Options>(options: T): Entries<T> =>
  mapped(options, (record) => v.optional(record.schema, record.default)) as unknown as Entries<T>;

/** Entries of an object schema of those values that are given, without defaults. */
export const choicesOf = <T extends Options>(options: T): Choices<T> =>
  mapped(options, ({ schema }) => v.optional(schema)) as unknown as Choices<T>;

/** The defaults of those options that have one. */
export const defaultsOf = <T extends Options>(options: T): { readonly [K in WithDefault<T>]: v.InferOutput<T[K]['schema']> } =>
  Object.fromEntries(
    Object.entries(options).flatMap(([name, record]) => ('default' in record ? [[name, record.default]] : [])),
  ) as unknown as { readonly [K in WithDefault<T>]: v.InferOutput<T[K]['schema']> };

/** What a value may be: of these bounds, of these words, a list of words, on or off, a text. Anything else is written in a form of its own. */
export type OptionKind =
  | ({ readonly kind: 'number' } & Bounds)
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'list' }
  | { readonly kind: 'switch' }
  | { readonly kind: 'text' }
  | { readonly kind: 'other' };

export interface Bounds {
  readonly min?: number;
  readonly max?: number;
  /** The value is above this number, and below that one, and not equal to it. */
  readonly above?: number;
  readonly below?: number;
  readonly whole?: boolean;
  readonly multipleOf?: number;
}

const boundNames: Readonly<Record<string, keyof Bounds>> = {
  min_value: 'min',
  max_value: 'max',
  gt_value: 'above',
  lt_value: 'below',
  multiple_of: 'multipleOf',
};

interface Step {
  readonly type: string;
  readonly requirement?: unknown;
}

/** The bounds that a schema's pipe checks, those of schemas that it is made of included. */
function boundsOf(schema: object): Bounds {
  const steps = 'pipe' in schema && Array.isArray(schema.pipe) ? (schema.pipe as readonly Step[]) : [];
  return Object.assign(
    {},
    ...steps.map((step): Bounds => {
      if ('pipe' in step) return boundsOf(step);
      if (step.type === 'integer') return { whole: true };
      const name = boundNames[step.type];
      return name === undefined ? {} : { [name]: step.requirement };
    }),
  );
}

export function kindOf({ schema }: Option): OptionKind {
  if (schema.type === 'number') return { kind: 'number', ...boundsOf(schema) };
  if (schema.type === 'picklist' && 'options' in schema) return { kind: 'words', words: schema.options as readonly string[] };
  if (schema.type === 'boolean') return { kind: 'switch' };
  if (schema.type === 'string') return { kind: 'text' };
  const listed = schema.type === 'array' && 'item' in schema && (schema.item as OptionSchema).type === 'string';
  return { kind: listed ? 'list' : 'other' };
}

/** The flag of an option, without its two dashes. One that is on by default has a flag that turns it off. */
export const flagNameOf = (name: string, { flag, default: standard }: Option): string =>
  flag ?? `${standard === true ? 'no-' : ''}${name.replaceAll('_', '-')}`;
