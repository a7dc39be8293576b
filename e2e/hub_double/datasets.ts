// Makes a data set's repository of rows: Parquet on the branch `refs/convert/parquet`, as the hub converts it, and what the datasets-server knows. Not here: how
// that is answered (datasets_server.ts). Invariant: the rows of the viewer and those of the Parquet files are the same.

import { parquetWriteBuffer, schemaFromColumnData } from 'hyparquet-writer';
import type { FileContent } from './files.ts';
import type { DatasetViewer, RepoFacts, RepoSpec, Row, ViewedConfig } from './repos.ts';

export interface DatasetSpec extends RepoFacts, DatasetViewer {
  readonly id: string;
  /** Files of `main` beside the card. */
  readonly files?: Readonly<Record<string, FileContent>>;
  /** A former name. */
  readonly renamed?: string;
  /** Rows of a group: small, so that ranges matter. 100 where it is left out. */
  readonly rowGroupSize?: number;
  /** Files of a split; 1 where it is left out. */
  readonly shards?: number;
}

export const PARQUET_BRANCH = 'refs/convert/parquet';

/** A column as the `datasets` library describes it: `feature('string')`, `classLabel('negative', 'positive')`. */
export const feature = (dtype: string) => ({ dtype, _type: 'Value' }) as const;
export const classLabel = (...names: string[]) => ({ names, _type: 'ClassLabel' }) as const;
/** A struct whose members are lists of strings: `listsOfText('text', 'label')`. */
export const listsOfText = (...names: string[]) =>
  Object.fromEntries(names.map((name) => [name, { feature: feature('string'), _type: 'List' } as const]));

/** A picture: `{ bytes, path }` in the rows. */
export const picture = { _type: 'Image' } as const;

type Column = Parameters<typeof parquetWriteBuffer>[0]['columnData'][number];

const TYPES: Readonly<Record<string, Column['type']>> = {
  string: 'STRING',
  large_string: 'STRING',
  bool: 'BOOLEAN',
  int8: 'INT32',
  int16: 'INT32',
  int32: 'INT32',
  int64: 'INT64',
  float32: 'FLOAT',
  float64: 'DOUBLE',
};

/** The Parquet type of a feature; undefined for what the writer finds out by itself, as lists. */
function typeOf(described: unknown): Column['type'] {
  if (typeof described !== 'object' || described === null) return undefined;
  const { _type, dtype } = Object.fromEntries(Object.entries(described));
  if (_type === 'ClassLabel') return 'INT64';
  return _type === 'Value' ? TYPES[String(dtype)] : undefined;
}

type Schema = NonNullable<Parameters<typeof parquetWriteBuffer>[0]['schema']>;

const listElements = (name: string): Schema => [
  { name, repetition_type: 'OPTIONAL', converted_type: 'LIST', num_children: 1 },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
];

const pictureElements = (name: string): Schema => [
  { name, repetition_type: 'OPTIONAL', num_children: 2 },
  { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
  { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
];

const isPicture = (described: unknown): boolean =>
  typeof described === 'object' && described !== null && '_type' in described && described._type === 'Image';

/** Members of a struct of lists, which the hub describes as such or as a sequence of structs. */
function membersOf(described: unknown): string[] {
  if (typeof described !== 'object' || described === null) return [];
  if (!('_type' in described)) return Object.keys(described);
  return described._type === 'Sequence' && 'feature' in described ? membersOf(described.feature) : [];
}

/** The writer finds out no struct by itself. */
function elementsOf(column: Column, described: unknown): Schema {
  if (isPicture(described)) return pictureElements(column.name);
  const members = membersOf(described);
  if (members.length === 0) return schemaFromColumnData({ columnData: [column] }).slice(1);
  return [{ name: column.name, repetition_type: 'OPTIONAL', num_children: members.length }, ...members.flatMap(listElements)];
}

/** Rows as a file of the hub's conversion, with the features in its footer. */
export function parquetOf(features: ViewedConfig['features'], rows: readonly Row[], rowGroupSize = 100): Uint8Array {
  const columnData = Object.entries(features).map(([name, described]): Column => {
    const type = typeOf(described);
    const data = rows.map((row) => row[name] ?? null);
    const values = type === 'INT64' ? data.map((value) => (typeof value === 'number' ? BigInt(value) : value)) : data;
    return { name, data: values, ...(type === undefined ? {} : { type }) };
  });
  const kvMetadata = [{ key: 'huggingface', value: JSON.stringify({ info: { features } }) }];
  const elements = columnData.flatMap((column) => elementsOf(column, features[column.name]));
  const schema: Schema = [{ name: 'root', num_children: columnData.length }, ...elements];
  const untyped = columnData.map(({ name, data }) => ({ name, data }));
  return new Uint8Array(parquetWriteBuffer({ columnData: untyped, schema, rowGroupSize, kvMetadata }));
}

export function datasetRepo(spec: DatasetSpec): RepoSpec {
  const { id, configs, rowGroupSize = 100, shards = 1, files = {}, renamed, description, citation, homepage, license, ...facts } = spec;
  const converted = Object.entries(configs).flatMap(([config, { features, splits, partial }]) =>
    Object.entries(splits).flatMap(([split, rows]) =>
      Array.from({ length: shards }, (_, i): [string, Uint8Array] => {
        const part = rows.slice(Math.round((i * rows.length) / shards), Math.round(((i + 1) * rows.length) / shards));
        const folder = `${config}/${partial === true ? 'partial-' : ''}${split}`;
        return [`${folder}/${String(i).padStart(4, '0')}.parquet`, parquetOf(features, part, rowGroupSize)];
      }),
    ),
  );
  const card = `---\n${license === undefined ? '' : `license: ${license}\n`}---\n\n# ${id}\n\n${description ?? ''}\n`;
  return {
    ...facts,
    id,
    type: 'dataset',
    license,
    renamed,
    files: { 'README.md': card, ...files },
    branches: { [PARQUET_BRANCH]: Object.fromEntries(converted) },
    viewer: { description, citation, homepage, license, configs },
  };
}
