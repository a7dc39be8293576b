// What the card of a data set says of its configurations: which files make up which split, which columns they have, how many rows. As the hub gives it in
// JSON (`cardData`). A card is written by people: what has another form is passed over. Invariant: nothing here is taken for true of files that say otherwise.

import { isRecord } from '../../formats/text.ts';
import type { HubSplit } from '../../protocol/hub.ts';
import { cardFeatures, type Feature } from './features.ts';

export interface CardSplit {
  readonly name: string;
  /** Paths with `*`, `**` and `?`, from the repository's top. */
  readonly patterns: readonly string[];
}

export interface CardConfig {
  readonly name: string;
  /** Empty where its files are found by their names, below `folder`. */
  readonly splits: readonly CardSplit[];
  readonly folder: string;
}

export interface CardInfo {
  readonly config: string;
  readonly columns: readonly Feature[];
  readonly splits: readonly HubSplit[];
}

export interface DatasetCard {
  readonly configs: readonly CardConfig[];
  readonly infos: readonly CardInfo[];
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
const textsOf = (value: unknown): string[] => listOf(value).flatMap((one) => text(one) ?? []);

/** `data_files`: a path, a list of them, a list of {split, path}, or {split: path}. */
function splitsOf(data_files: unknown, folder: string): CardSplit[] {
  const below = (paths: unknown) => textsOf(paths).map((path) => (folder === '' ? path : `${folder}/${path}`));
  if (isRecord(data_files)) return Object.entries(data_files).map(([name, paths]) => ({ name, patterns: below(paths) }));
  const plain = below(data_files);
  if (plain.length > 0) return [{ name: 'train', patterns: plain }];
  return listOf(data_files).flatMap((one) => {
    if (!isRecord(one)) return [];
    return [{ name: text(one['split']) ?? 'train', patterns: below(one['path']) }];
  });
}

export function readCard(cardData: unknown): DatasetCard {
  if (!isRecord(cardData)) return { configs: [], infos: [] };
  return {
    configs: listOf(cardData['configs']).flatMap((config) => {
      if (!isRecord(config)) return [];
      const folder = (text(config['data_dir']) ?? '').replace(/^\.?\/+|\/+$/g, '');
      return [{ name: text(config['config_name']) ?? 'default', folder, splits: splitsOf(config['data_files'], folder) }];
    }),
    infos: listOf(cardData['dataset_info']).flatMap((info) => {
      if (!isRecord(info)) return [];
      return [
        {
          config: text(info['config_name']) ?? 'default',
          columns: cardFeatures(info['features']),
          splits: listOf(info['splits']).flatMap((split) => {
            if (!isRecord(split) || typeof split['name'] !== 'string') return [];
            return [{ name: split['name'], rows: typeof split['num_examples'] === 'number' ? split['num_examples'] : undefined }];
          }),
        },
      ];
    }),
  };
}
