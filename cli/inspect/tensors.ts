// A safetensors file's header, checked in full; its tensors are not read.

import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { openSafetensors, type SafetensorsFile } from '../../src/formats/safetensors.ts';
import { diskFolder, noSuchFile } from '../folders.ts';
import { bytesText, countText, tableText } from '../format.ts';
import type { Finding } from './finding.ts';

/** Rows of a table of tensors before the rest is only counted. */
const shownTensors = 200;
/** Those of an adapter, whose layers are alike. */
export const shownOfAdapter = 10;

export const elementsOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

export function tensorTable({ tensors }: SafetensorsFile, shown = shownTensors): string {
  const rows = [...tensors.values()].map(({ name, dtype, shape, begin, end }) => [
    name,
    dtype,
    `[${shape.join(', ')}]`,
    bytesText(end - begin),
  ]);
  const more = rows.length > shown ? `\nand ${rows.length - shown} more` : '';
  return tableText([['tensor', 'dtype', 'shape', 'size'], ...rows.slice(0, shown)]) + more;
}

export const tensorObjects = ({ tensors }: SafetensorsFile) =>
  [...tensors.values()].map(({ name, dtype, shape, begin, end }) => ({ name, dtype, shape, bytes: end - begin }));

export async function inspectTensors(path: string): Promise<Finding> {
  const source = existsSync(path) ? await diskFolder(dirname(path), path).open(basename(path)) : undefined;
  if (source === undefined) throw noSuchFile(path, path, 'Check the path.');
  const file = await openSafetensors(source);
  const parameters = [...file.tensors.values()].reduce((sum, { shape }) => sum + elementsOf(shape), 0);
  return {
    object: { type: 'safetensors', ...{ path, bytes: source.size, parameters, metadata: file.metadata, tensors: tensorObjects(file) } },
    text: `${path}: ${countText(file.tensors.size)} tensors, ${countText(parameters)} elements, ${bytesText(source.size)}; the file is sound\n\n${tensorTable(file)}`,
  };
}
