// The schema of a Parquet file as columns of a table: what each holds, the names of classes that its metadata gives, and which decimals are read digit by
// digit, which columns are pictures. Reads no values. Invariant: a column is flat, one JSON text or a picture; nothing of the schema is dropped.

import { type FileMetaData, parquetSchema, type SchemaElement, type SchemaTree } from 'hyparquet';
import { isRecord } from '../../formats/text.ts';
import type { ColumnKind } from '../../protocol/reading.ts';
import type { ParquetColumn, PictureLeaves } from './parquet_cells.ts';

/** Digits behind a decimal's point: a decimal of 128 bits has 38, one of 256 bits 76. */
const MAX_SCALE = 76;
function leafKind({ element }: SchemaTree): { readonly kind: ColumnKind; readonly is: string } {
  const { type, converted_type, logical_type } = element;
  if (type === 'BOOLEAN') return { kind: 'boolean', is: 'true or false' };
  const logical = logical_type?.type;
  if (
    /^(?:DATE|TIME|TIMESTAMP)/.test(converted_type ?? '') ||
    logical === 'DATE' ||
    logical === 'TIME' ||
    logical === 'TIMESTAMP' ||
    type === 'INT96'
  )
    return { kind: 'text', is: 'dates and times' };
  if (converted_type === 'DECIMAL' || logical === 'DECIMAL' || logical === 'FLOAT16') return { kind: 'number', is: 'numbers' };
  if (logical === 'UUID') return { kind: 'text', is: 'text' };
  if (
    type === 'FIXED_LEN_BYTE_ARRAY' ||
    converted_type === 'BSON' ||
    logical === 'BSON' ||
    logical === 'GEOMETRY' ||
    logical === 'GEOGRAPHY'
  )
    return { kind: 'bytes', is: 'bytes' };
  return type === 'BYTE_ARRAY' ? { kind: 'text', is: 'text' } : { kind: 'number', is: 'numbers' };
}

const decimalScale = ({ scale, logical_type }: SchemaElement): number => {
  const digits = scale ?? (logical_type?.type === 'DECIMAL' ? logical_type.scale : 0);
  return Number.isInteger(digits) && digits >= 0 && digits <= MAX_SCALE ? digits : 0;
};

/** The leaves of a struct of bytes and a path, which the datasets library makes of pictures, and of nothing but bytes. */
function pictureLeaves({ element, children }: SchemaTree, path: readonly string[]): PictureLeaves | undefined {
  if (element.repetition_type === 'REPEATED') return undefined;
  const isBytes = (node: SchemaTree): boolean => node.element.type === 'BYTE_ARRAY' && node.element.repetition_type !== 'REPEATED';
  if (children.length === 0) {
    const isText = element.converted_type === 'UTF8' || element.logical_type?.type === 'STRING';
    return element.type === 'BYTE_ARRAY' && !isText ? { bytes: path } : undefined;
  }
  const names = children.map((child) => child.element.name).sort();
  if (names.join() !== 'bytes,path' || !children.every(isBytes)) return undefined;
  return { bytes: [...path, 'bytes'], path: [...path, 'path'] };
}

/** A column of the file as one of pictures: by its form, and by what its metadata say of it, where they say anything. */
function pictureColumn(node: SchemaTree, type: unknown): ParquetColumn | undefined {
  const { name } = node.element;
  const leaves = pictureLeaves(node, [name]);
  const isOne = type === 'Image' || (type === undefined && leaves?.path !== undefined);
  if (leaves === undefined || !isOne) return undefined;
  return { name, path: [name], kind: 'image', is: 'pictures', float: undefined, scale: undefined, picture: leaves };
}

/** What a node of the schema is as columns: a struct is one for each of its members, a list is one. */
function columnsOfNode(node: SchemaTree, path: readonly string[]): ParquetColumn[] {
  const { element, children } = node;
  const name = path.join('.');
  const annotation = element.logical_type?.type ?? element.converted_type;
  if (element.repetition_type === 'REPEATED' || annotation === 'LIST') {
    let inner = node;
    while (inner.children.length === 1 && inner.children[0] !== undefined) inner = inner.children[0];
    const is = inner.children.length > 0 ? 'lists of objects' : `lists of ${leafKind(inner).is === 'text' ? 'texts' : leafKind(inner).is}`;
    return [{ name, path, kind: 'list', is, float: undefined, scale: undefined }];
  }
  if (annotation === 'MAP' || annotation === 'MAP_KEY_VALUE' || annotation === 'VARIANT')
    return [{ name, path, kind: 'object', is: 'objects', float: undefined, scale: undefined }];
  if (children.length > 0) return children.flatMap((child) => columnsOfNode(child, [...path, child.element.name]));
  const decimal = element.converted_type === 'DECIMAL' || element.logical_type?.type === 'DECIMAL';
  return [
    {
      ...{ name, path, ...leafKind(node) },
      float: element.type === 'FLOAT' ? 'single' : element.type === 'DOUBLE' ? 'double' : undefined,
      scale: decimal ? decimalScale(element) : undefined,
    },
  ];
}

/** Names of classes by column, in the order of their numbers. */
export type ClassNames = ReadonlyMap<string, readonly string[]>;

/** A column of numbers whose classes have names, as one of texts. */
const withClasses = (column: ParquetColumn, names: readonly string[] | undefined): ParquetColumn =>
  names === undefined || column.kind !== 'number' || column.float !== undefined
    ? column
    : { ...column, kind: 'text', is: `classes (${names.slice(0, 4).join(', ')}${names.length > 4 ? ', ...' : ''})`, classes: names };

/** All columns of a file; `given` names classes where its metadata do not. */
export function parquetColumns(metadata: FileMetaData, given: ClassNames = new Map()): ParquetColumn[] {
  const features = featuresOf(metadata);
  const own = classNames(features);
  return parquetSchema(metadata)
    .children.flatMap((child) => pictureColumn(child, typeOf(features[child.element.name])) ?? columnsOfNode(child, [child.element.name]))
    .map((column) => (column.path.length === 1 ? withClasses(column, own.get(column.name) ?? given.get(column.name)) : column));
}

const description = (metadata: FileMetaData): string | undefined =>
  metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
export const isDescribed = (metadata: FileMetaData): boolean => description(metadata) !== undefined;

/** As the datasets library writes them: {"info": {"features": {"label": {"names": [...], "_type": "ClassLabel"}}}}. */
function featuresOf(metadata: FileMetaData): Readonly<Record<string, unknown>> {
  const text = description(metadata);
  let json: unknown;
  try {
    json = JSON.parse(text ?? 'null');
  } catch {
    // Written by whoever made the file; without it the numbers stand for themselves.
    return {};
  }
  const info = isRecord(json) && isRecord(json['info']) ? json['info'] : {};
  return isRecord(info['features']) ? info['features'] : {};
}

const typeOf = (feature: unknown): unknown => (isRecord(feature) ? feature['_type'] : undefined);

/** Class names by column. */
function classNames(features: Readonly<Record<string, unknown>>): ClassNames {
  const found = new Map<string, readonly string[]>();
  for (const [column, feature] of Object.entries(features)) {
    const names = isRecord(feature) && typeOf(feature) === 'ClassLabel' ? namesOf(feature['names']) : undefined;
    if (names !== undefined) found.set(column, names);
  }
  return found;
}

/** A list that can name classes: texts that differ, none of them blank. */
export function namesOf(list: unknown): readonly string[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const values: readonly unknown[] = list;
  const texts = values.filter((name): name is string => typeof name === 'string' && name.trim() !== '');
  return texts.length === values.length && texts.length <= 4096 && new Set(texts).size === texts.length ? texts : undefined;
}

/** The schema without the marks of those decimals that are columns: the library would make numbers of them, which hold 15 digits. */
export function withoutDecimals(metadata: FileMetaData, columns: readonly ParquetColumn[]): FileMetaData {
  const names = new Set(columns.filter(({ scale }) => scale !== undefined).map(({ path }) => path.join('\0')));
  if (names.size === 0) return metadata;
  const plain = new Set<SchemaElement>();
  const mark = ({ element, children }: SchemaTree, path: readonly string[]): void => {
    if (names.has(path.join('\0'))) plain.add(element);
    for (const child of children) mark(child, [...path, child.element.name]);
  };
  mark(parquetSchema(metadata), []);
  const schema = metadata.schema.map((element) => {
    if (!plain.has(element)) return element;
    const { converted_type: _, logical_type: __, ...rest } = element;
    return rest;
  });
  return { ...metadata, schema };
}
