// A split of a data set on the hub as a table: found, pinned to its commit, read by ranges that are kept. Invariant: a split that was pinned is the same rows for
// ever, and is opened without a request where what it needs of its files is kept.

import type { Waiting } from '../../hub/client.ts';
import type { Hub, OpenRepo } from '../../hub/hub.ts';
import { RetraceError } from '../../protocol/errors.ts';
import { joinTables } from '../table/joined_tables.ts';
import { openTable } from '../table/open.ts';
import { openParquetFiles } from '../table/parquet_files.ts';
import type { ClassNames } from '../table/parquet_schema.ts';
import type { TableSource } from '../table/table.ts';
import { type AboutDataset, configOf, type DatasetPlace, type OpenDataset, openDataset, splitOf } from './dataset.ts';
import { classNamesOf } from './features.ts';
import { openPictureSplit, type PictureSplit, pictureSplit, pinnedPictures } from './pictures.ts';
import { serverFacts } from './server.ts';

export interface SplitPlace extends DatasetPlace {
  readonly config: string;
  readonly split: string;
  /** What was found when it was pinned: its files, where their folders do not say which they are, */
  readonly files?: readonly string[] | undefined;
  /** and names of classes that the files lack. */
  readonly classes?: Readonly<Record<string, readonly string[]>> | undefined;
  /** For the card of what is trained with it. */
  readonly about?: AboutDataset | undefined;
}

export interface OpenSplit {
  readonly source: TableSource;
  /** The same rows for ever. */
  readonly pinned: SplitPlace;
}

export const splitName = ({ id, config, split, revision }: SplitPlace): string =>
  `${id}/${config}/${split}${revision === undefined ? '' : `@${revision}`}`;

/** Errors: those of `openDataset`, `no-such-config`, `no-such-split`, and those of the formats. */
export async function openSplit(hub: Hub, place: SplitPlace, waiting?: Waiting): Promise<OpenSplit> {
  const found = await findSplit(hub, place, waiting);
  const name = splitName({ ...place, id: found.id });
  const pinned = {
    ...place,
    ...{ id: found.id, commit: found.commit, about: place.about ?? (await found.about()) },
    ...(found.byFolders ? {} : { files: found.paths }),
  };
  if (found.pictures !== undefined)
    return { source: said(await openPictureSplit(hub, found.repo, name, found.pictures, waiting), found.from), pinned };
  const files = found.paths.flatMap((path) => found.open(path) ?? []);
  if (files.length < found.paths.length || files.length === 0) throw filesGone(name, found.paths.length - files.length);
  const given = place.classes && new Map(Object.entries(place.classes));
  if (!found.paths.every((path) => path.toLowerCase().endsWith('.parquet'))) {
    const tables: TableSource[] = [];
    for (const file of files) tables.push(await openTable(file, tables[0] ? { header: tables[0].header } : {}));
    const classes = given ?? (await found.classes());
    const source = joinTables(name, tables, classes);
    return { source: said(source, found.from), pinned: { ...pinned, ...kept(classes) } };
  }
  const own = await openParquetFiles({ name, files, classes: given });
  if (given !== undefined || own.described) return { source: said(own, found.from), pinned };
  const classes = await found.classes();
  const source = classes.size === 0 ? own : await openParquetFiles({ name, files, classes });
  return { source: said(source, found.from), pinned: { ...pinned, ...kept(classes) } };
}

const kept = (classes: ClassNames) => (classes.size === 0 ? {} : { classes: Object.fromEntries(classes) });

const said = (source: TableSource, from: string): TableSource => ({
  ...source,
  reading: { ...source.reading, said: `${from}; ${source.reading.said}` },
});

const filesGone = (name: string, count: number): RetraceError =>
  new RetraceError({
    code: 'files-gone',
    message: `${count === 0 ? 'All' : count} files of ${name} are not in its repository at the commit that the run remembers.`,
    where: name,
    remedy: 'Choose the data set anew.',
  });

interface FoundSplit {
  readonly id: string;
  readonly commit: string;
  readonly repo: OpenRepo;
  readonly paths: readonly string[];
  /** Where its files are pictures. */
  readonly pictures: PictureSplit | undefined;
  /** The folders of its files say which they are. */
  readonly byFolders: boolean;
  /** Whose files these are, for people. */
  readonly from: string;
  open(path: string): ReturnType<Hub['file']>;
  about(): Promise<AboutDataset>;
  /** Names of classes that others than the files give. */
  classes(): Promise<ClassNames>;
}

/** At its commit; as it stands, with its card beside it, where that is the commit and nothing was found out yet. */
async function openAt(hub: Hub, place: SplitPlace, waiting: Waiting | undefined): Promise<OpenDataset> {
  if (place.commit === undefined || place.about !== undefined) return openDataset(hub, place, waiting);
  const now = await openDataset(hub, { id: place.id, revision: place.revision }, waiting).catch(() => undefined);
  return now?.repo.commit === place.commit ? now : openDataset(hub, place, waiting);
}

async function findSplit(hub: Hub, place: SplitPlace, waiting: Waiting | undefined): Promise<FoundSplit> {
  if (place.commit !== undefined && place.files !== undefined) {
    const repo = await hub.open({ type: 'dataset', id: place.id, revision: place.commit }, waiting);
    return {
      ...{ id: place.id, commit: repo.commit, repo, paths: place.files, byFolders: false, pictures: pinnedPictures(place.files) },
      from: `files of the repository at commit ${repo.commit.slice(0, 7)}`,
      open: (path) => hub.file(repo, path, waiting),
      about: async () => ({}),
      classes: async () => new Map(),
    };
  }
  const dataset = await openAt(hub, place, waiting);
  const { id, repo, converted, card } = dataset;
  const config = configOf(dataset, place.config);
  const split = splitOf(dataset, config, place.split);
  const { files, partial } = split;
  const at = `at commit ${repo.commit.slice(0, 7)}`;
  return {
    ...{ id, commit: repo.commit, repo, paths: files.map(({ path }) => path), pictures: pictureSplit(config, split) },
    byFolders: converted || split.pictures === 'by folders',
    from: converted
      ? `the hub's own Parquet files ${at}${partial ? ', which hold the beginning of this split only' : ''}`
      : `files of the repository ${at}`,
    open: (path) => hub.file(repo, path, waiting),
    about: dataset.about,
    async classes() {
      const carded = card.infos.find(({ config }) => config === place.config);
      if (carded !== undefined && carded.columns.length > 0) return classNamesOf(carded.columns);
      const facts = place.revision === undefined ? await serverFacts(hub, id) : undefined;
      return classNamesOf(facts?.configs.find(({ name }) => name === place.config)?.columns ?? []);
    },
  };
}
