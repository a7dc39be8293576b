// Data sets as people name them: `org/name`, `org/name/config`, `org/name/config/split`, any of them with `@revision` behind; `imdb` and `glue/sst2` of the hub's
// first years; the address of a page. Invariant: a name is what the hub says it is, and what is left out is filled in only where there is one choice.

import type { Hub } from '../../hub/hub.ts';
import { looksLikeRepo, parseRepo } from '../../hub/repo.ts';
import { RetraceError } from '../../protocol/errors.ts';
import { configOf, listed, type OpenDataset, openDataset, splitOf } from './dataset.ts';
import type { LaidConfig } from './layout.ts';
import type { SplitPlace } from './split.ts';

interface NamedDataset {
  readonly id: string;
  /** Configuration and split, as far as they are named. */
  readonly parts: readonly string[];
}

const segment = /^[\w.-]+$/;

/** What a name may mean, the likeliest first: `glue/sst2` is the data set of an organisation, else a configuration of `glue`. */
function meanings(text: string): { readonly named: readonly NamedDataset[]; readonly revision: string | undefined } {
  const [name = '', revision] = text
    .trim()
    .replace(/^https?:\/\/[^/]+\//, '')
    .replace(/^datasets\//, '')
    .replace(/\/viewer(?=\/|$)/, '')
    .replace(/\/+$/, '')
    .split('@');
  const parts = name.split('/');
  const [first = '', second, ...rest] = parts;
  const named = [
    ...(second !== undefined && rest.length <= 2 ? [{ id: `${first}/${second}`, parts: rest }] : []),
    ...(parts.length <= 3 ? [{ id: first, parts: parts.slice(1) }] : []),
  ];
  const sound = parts.every((part) => segment.test(part)) && (revision === undefined || /^[\w./-]+$/.test(revision));
  return { named: sound ? named.filter(({ id }) => looksLikeRepo(id)) : [], revision };
}

/** Whether a text can name a data set; a path may look so too, so callers look at the disk first. */
export const looksLikeDataset = (text: string): boolean => meanings(text).named.length > 0;

/** Codes of a meaning that is not this one. */
const elsewhere = ['hub-not-found', 'hub-private', 'hub-offline', 'hub-unreachable'];

export interface FoundDataset {
  readonly dataset: OpenDataset;
  readonly parts: readonly string[];
  readonly revision: string | undefined;
}

/** The data set that a name means, as the hub has it. Errors: `bad-repo-id`, those of `openDataset`. */
export async function findDataset(hub: Hub, text: string): Promise<FoundDataset> {
  const { named, revision } = meanings(text);
  let first: unknown;
  for (const { id, parts } of named) {
    try {
      return { dataset: await openDataset(hub, { id, revision }), parts, revision };
    } catch (thrown) {
      first ??= thrown;
      if (!(thrown instanceof RetraceError && elsewhere.includes(thrown.code))) throw thrown;
    }
  }
  if (named.length === 0) parseRepo('dataset', text);
  throw first;
}

/** The one configuration where there is one, or the usual one. Error: `config-needed`. */
function onlyConfig({ id, configs }: OpenDataset): LaidConfig {
  const config = configs.length === 1 ? configs[0] : configs.find(({ name }) => name === 'default');
  if (config !== undefined) return config;
  throw new RetraceError({
    code: 'config-needed',
    message: `${id} has ${configs.length} configurations: ${listed(configs.map(({ name }) => name))}.`,
    where: id,
    remedy: `Say which one: ${id}/${configs[0]?.name ?? ''}.`,
  });
}

/**
 * The split that is named, else the first of `wanted` that is there, else the only one.
 * Errors: `config-needed`, `no-such-config`, `no-such-split`.
 */
export function chooseSplit(
  { dataset, parts, revision }: FoundDataset,
  wanted: readonly string[],
): SplitPlace & { readonly splits: string[] } {
  const [first, second] = parts;
  const only = dataset.configs.length === 1 ? dataset.configs[0] : undefined;
  // `org/name/test`, where there is nothing but splits to choose.
  const isSplit = second === undefined && only !== undefined && only.name !== first && only.splits.some(({ name }) => name === first);
  const config = first === undefined || isSplit ? onlyConfig(dataset) : configOf(dataset, first);
  const names = config.splits.map(({ name }) => name);
  const usual = wanted.find((name) => names.includes(name)) ?? (names.length === 1 ? names[0] : undefined);
  const split = splitOf(dataset, config, (isSplit ? first : second) ?? usual ?? wanted[0] ?? 'train').name;
  return {
    ...{ id: dataset.id, config: config.name, split, splits: names },
    ...(revision === undefined ? {} : { revision }),
  };
}
