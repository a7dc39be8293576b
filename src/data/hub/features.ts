// Columns as the `datasets` library describes them, in each of the forms that the hub gives: the server's JSON, a list of features with their rows, and the card
// of a repository. Plain data of strangers: what has another form is passed over. Invariant: names of classes stand in the order of their numbers.

import { isRecord } from '../../formats/text.ts';
import type { HubColumn } from '../../protocol/hub.ts';
import type { ColumnKind } from '../../protocol/reading.ts';
import { type ClassNames, namesOf } from '../table/parquet_schema.ts';
import type { Column } from '../table/table.ts';

/** A column; one of a struct stands for each of its members, under `outer.inner`. */
export interface Feature extends HubColumn {
  readonly kind: ColumnKind;
  /** Keys from the row to the value. */
  readonly path: readonly string[];
}

/** {"0": "negative", "1": "positive"} of a card, or the list of the server. */
function classesOf(names: unknown): readonly string[] | undefined {
  if (!isRecord(names)) return namesOf(names);
  const numbers = Object.keys(names).map(Number);
  if (!numbers.every((number, i) => number === i)) return undefined;
  return namesOf(numbers.map((number) => names[String(number)]));
}

function kindOf(dtype: string): ColumnKind {
  if (/^(?:u?int|float|double|decimal)/.test(dtype)) return 'number';
  if (dtype === 'bool') return 'boolean';
  if (/binary/.test(dtype)) return 'bytes';
  if (dtype === 'image') return 'image';
  return dtype === 'null' ? 'empty' : 'text';
}

const valueFeature = (path: readonly string[], dtype: string): Feature => ({
  name: path.join('.'),
  path,
  type: dtype,
  kind: kindOf(dtype),
});

function classFeature(path: readonly string[], names: unknown): Feature {
  const classes = classesOf(names);
  const column = { name: path.join('.'), path, type: 'ClassLabel' };
  return classes === undefined ? { ...column, kind: 'number' } : { ...column, kind: 'text', names: classes };
}

const otherFeature = (path: readonly string[], type: string, kind: ColumnKind): Feature => ({ name: path.join('.'), path, type, kind });

/** A sequence of structs is kept as a struct of lists (the datasets library's `Sequence`): a column for each of its members. */
const listsOf = (path: readonly string[], members: readonly string[]): Feature[] =>
  members.map((name) => otherFeature([...path, name], 'List', 'list'));

/** `{"dtype": "string", "_type": "Value"}` and its kin. */
function serverFeature(path: readonly string[], described: unknown): Feature[] {
  if (Array.isArray(described)) return [otherFeature(path, 'List', 'list')];
  if (!isRecord(described)) return [];
  const type = described['_type'];
  if (type === 'ClassLabel') return [classFeature(path, described['names'])];
  if (type === 'Image') return [otherFeature(path, 'Image', 'image')];
  if (type === 'Value' && typeof described['dtype'] === 'string') return [valueFeature(path, described['dtype'])];
  if (type === undefined) return Object.entries(described).flatMap(([name, inner]) => serverFeature([...path, name], inner));
  const inner = described['feature'];
  if (type === 'Sequence' && isRecord(inner) && inner['_type'] === undefined) return listsOf(path, Object.keys(inner));
  const isList = typeof type === 'string' && /List|Sequence|Array/.test(type);
  return [otherFeature(path, typeof type === 'string' ? type : 'object', isList ? 'list' : 'object')];
}

/** Of `/info`: {"sentence": {"dtype": "string", "_type": "Value"}, ...}. */
export const serverFeatures = (features: unknown): Feature[] =>
  isRecord(features) ? Object.entries(features).flatMap(([name, described]) => serverFeature([name], described)) : [];

/** Of `/rows`: [{"feature_idx": 0, "name": "sentence", "type": {...}}, ...]. */
export const rowFeatures = (features: readonly { readonly name: string; readonly type?: unknown }[]): Feature[] =>
  features.flatMap(({ name, type }) => serverFeature([name], type));

/** Of a card: [{"name": "label", "dtype": {"class_label": {"names": {"0": "negative", ...}}}}, ...]. */
export function cardFeatures(features: unknown, path: readonly string[] = []): Feature[] {
  if (!Array.isArray(features)) return [];
  const list: readonly unknown[] = features;
  return list.flatMap((described) => {
    if (!isRecord(described) || typeof described['name'] !== 'string') return [];
    const own = [...path, described['name']];
    const { dtype, struct, sequence } = described;
    if (typeof dtype === 'string') return [valueFeature(own, dtype)];
    if (isRecord(dtype) && isRecord(dtype['class_label'])) return [classFeature(own, dtype['class_label']['names'])];
    if (Array.isArray(struct)) return cardFeatures(struct, own);
    const members: readonly unknown[] = Array.isArray(sequence) ? sequence : [];
    const names = members.flatMap((member) => (isRecord(member) && typeof member['name'] === 'string' ? [member['name']] : []));
    if (names.length > 0) return listsOf(own, names);
    return [otherFeature(own, 'List', 'list')];
  });
}

/** Names of classes by column, of whole columns alone. */
export const classNamesOf = (columns: readonly Pick<HubColumn, 'name' | 'names'>[]): ClassNames =>
  new Map(columns.flatMap(({ name, names }) => (names === undefined ? [] : [[name, names]])));

/** As a table's column. */
export function columnOf({ name, kind, type, names }: Feature): Column {
  if (names !== undefined)
    return { name, kind: 'text', is: `classes (${names.slice(0, 4).join(', ')}${names.length > 4 ? ', ...' : ''})`, classes: names };
  const is = {
    text: 'text',
    number: 'numbers',
    boolean: 'true or false',
    empty: 'empty',
    list: 'lists',
    object: 'objects',
    bytes: 'bytes',
    image: 'pictures',
  };
  return { name, kind, is: kind === 'text' && /^(?:date|time)/.test(type) ? 'dates and times' : is[kind] };
}
