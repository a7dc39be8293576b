// A file of tensors, safetensors or torch.save's: its header or pickle, checked in full; its tensors are not read.

import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { elementsOf, type TensorFile, tensorBytes } from '../../src/formats/tensor_file.ts';
import { openTensorFile } from '../../src/formats/tensor_formats.ts';
import { countText } from '../../src/protocol/sentences.ts';
import { diskFolder, noSuchFile } from '../folders.ts';
import { bytesText, tableText } from '../format.ts';
import type { Finding } from './finding.ts';

/** Rows of a table of tensors before the rest is only counted. */
const shownTensors = 200;
/** Those of an adapter, whose layers are alike. */
export const shownOfAdapter = 10;

export function tensorTable({ tensors }: TensorFile, shown = shownTensors): string {
  const rows = [...tensors.values()].map((entry) => [
    entry.name,
    entry.dtype,
    `[${entry.shape.join(', ')}]`,
    bytesText(tensorBytes(entry)),
  ]);
  const more = rows.length > shown ? `\nand ${rows.length - shown} more` : '';
  return tableText([['tensor', 'dtype', 'shape', 'size'], ...rows.slice(0, shown)]) + more;
}

export const tensorObjects = ({ tensors }: TensorFile) =>
  [...tensors.values()].map((entry) => ({ name: entry.name, dtype: entry.dtype, shape: entry.shape, bytes: tensorBytes(entry) }));

export async function inspectTensors(path: string): Promise<Finding> {
  const source = existsSync(path) ? await diskFolder(dirname(path), path).open(basename(path)) : undefined;
  if (source === undefined) throw noSuchFile(path, path, 'Check the path.');
  const file = await openTensorFile(source);
  const parameters = [...file.tensors.values()].reduce((sum, { shape }) => sum + elementsOf(shape), 0);
  return {
    object: { type: file.format, ...{ path, bytes: source.size, parameters, metadata: file.metadata, tensors: tensorObjects(file) } },
    text: `${path}: ${countText(file.tensors.size)} tensors, ${countText(parameters)} elements, ${bytesText(source.size)}; the file is sound${file.notes.map((note) => `\n${note}`).join('')}\n\n${tensorTable(file)}`,
  };
}
