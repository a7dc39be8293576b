// What comes with the product: methods, bundled models and data sets, from their own index files.

import { readJson } from '../hub/folder.ts';
import type { BundledItem, Catalogue } from '../protocol/cards.ts';
import { taskCards } from '../tasks/registry.ts';
import type { Host } from './host.ts';
import { methodCards } from './models/method_cards.ts';

interface IndexRow {
  readonly name: string;
  readonly license: string;
  readonly title?: string;
  readonly columns?: readonly string[];
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

const itemOf = ({ name, title, license, files }: IndexRow): BundledItem => ({
  name,
  title: title ?? name,
  licence: license,
  bytes: files.reduce((sum, { size }) => sum + size, 0),
});

/** A part of a data set: its rows, or its pictures. */
const partFile = /\.(?:tsv|zip)$/;

export async function catalogue(host: Host): Promise<Catalogue> {
  const rows = async (kind: 'models' | 'data') =>
    ((await readJson(await host.bundledRoot(kind), 'index.json')) as Record<string, IndexRow[]>)[kind] ?? [];
  const data = await rows('data');
  return {
    tasks: taskCards(),
    methods: methodCards(),
    models: (await rows('models')).map(itemOf),
    data: data.map((row) => ({
      ...itemOf(row),
      inputs: row.columns?.includes('image') === true ? 'image' : 'text',
      parts: row.files.filter(({ path }) => partFile.test(path)).map(({ path }) => path.replace(partFile, '')),
      label_columns: (row.columns ?? []).filter((column) => column !== 'text' && column !== 'image'),
    })),
  };
}
