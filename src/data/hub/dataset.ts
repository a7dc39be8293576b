// A data set of the hub: where its rows lie, which configurations and splits it has, and what is known of them before a row is read. Not here: its rows (split.ts).
// Invariant: what is asked of the hub is facts and lists of files; the footers of a few files where nothing else says which columns there are.

import { licenceOf, type Waiting } from '../../hub/client.ts';
import type { Hub, OpenRepo } from '../../hub/hub.ts';
import { defaultRevision, type RepoRef, shownRepo } from '../../hub/repo.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { HubColumn, HubDataset } from '../../protocol/hub.ts';
import { listText } from '../../protocol/sentences.ts';
import { openParquetFiles } from '../table/parquet_files.ts';
import { type DatasetCard, readCard } from './card.ts';
import { convertedBranch, convertedLayout, type LaidConfig, type LaidSplit, plainLayout, whyNoRows } from './layout.ts';
import { picturesDescribed } from './pictures.ts';
import { serverFacts } from './server.ts';

export interface DatasetPlace {
  readonly id: string;
  readonly revision?: string | undefined;
  /** Of the files that hold the rows. */
  readonly commit?: string | undefined;
}

/** What a model card repeats of a data set. */
export interface AboutDataset {
  readonly licence?: string | undefined;
  readonly citation?: string | undefined;
}

export interface OpenDataset {
  /** As the hub calls it now. */
  readonly id: string;
  /** The repository, at the commit whose files hold the rows. */
  readonly repo: OpenRepo;
  /** Whether these are the hub's own conversion. */
  readonly converted: boolean;
  readonly configs: readonly LaidConfig[];
  readonly card: DatasetCard;
  /** As its repository gives them; nothing where it is not there to be asked. */
  about(): Promise<AboutDataset>;
}

/** Splits whose columns are looked up in a file where nobody says them. */
const MOST_LOOKED_UP = 6;

/** Of configurations and splits, of which there can be thousands. */
export const listed = (names: readonly string[]): string => listText(names, 20);

/** The hub's conversion, where there is one. */
async function openConverted(hub: Hub, id: string, waiting?: Waiting): Promise<OpenRepo | undefined> {
  try {
    return await hub.open({ type: 'dataset', id, revision: convertedBranch }, waiting);
  } catch (thrown) {
    if (thrown instanceof RetraceError && ['hub-no-revision', 'hub-not-found', 'hub-no-file'].includes(thrown.code)) return undefined;
    throw thrown;
  }
}

/** Longer ones are no cards. */
const MOST_CARD_BYTES = 2 ** 20;
const CITATION = /^[ \t]*(`{3,})[a-z]*[ \t]*\n([ \t]*@\w+\s*\{[\s\S]{1,8000}?)\n[ \t]*\1/im;

/** Its licence, and the citation of the hub's record, else the first in BibTeX of its card. */
async function aboutOf(hub: Hub, main: OpenRepo): Promise<AboutDataset> {
  const licence = main.info && licenceOf(main.info);
  const recorded = main.info?.citation?.trim();
  if (recorded) return { licence, citation: recorded };
  const file = hub.file(main, 'README.md');
  if (file === undefined || file.size > MOST_CARD_BYTES) return { licence };
  try {
    const text = new TextDecoder().decode(await file.read(0, file.size));
    return { licence, citation: CITATION.exec(text)?.[2]?.trim() };
  } catch (thrown) {
    // It is good to know, and no reason to end.
    if (thrown instanceof RetraceError) return { licence };
    throw thrown;
  }
}

/** Opens it at a commit or a revision, else as the hub converted it, else as it stands. Errors: `hub-*`, `no-rows-on-hub`. */
export async function openDataset(hub: Hub, { id: asked, revision, commit }: DatasetPlace, waiting?: Waiting): Promise<OpenDataset> {
  const ref: RepoRef = { type: 'dataset', id: asked, revision: commit ?? revision ?? defaultRevision };
  const main = await hub.open(ref, waiting);
  const id = main.info?.id ?? asked;
  const card = readCard(main.info?.cardData);
  const converted = commit === undefined && revision === undefined ? await openConverted(hub, id, waiting) : main;
  const layout = converted && convertedLayout(converted.files);
  const about = () => aboutOf(hub, main);
  if (converted !== undefined && layout !== undefined) return { id, repo: converted, converted: true, configs: layout, card, about };
  const configs = plainLayout(main.files, card);
  if (configs.length > 0) return { id, repo: main, converted: false, configs, card, about };
  throw new RetraceError({
    code: 'no-rows-on-hub',
    message: `${shownRepo({ ...ref, id })} can't be read as a table: ${whyNoRows(main.files)}.`,
    where: shownRepo({ ...ref, id }),
    remedy: `Choose another data set; or write this one as a file in Python: datasets.load_dataset("${id}")["train"].to_parquet("train.parquet"), and give that.`,
  });
}

/** Error `no-such-config`, with those that there are. */
export function configOf({ id, configs }: OpenDataset, name: string): LaidConfig {
  const config = configs.find((one) => one.name === name);
  if (config !== undefined) return config;
  throw new RetraceError({
    code: 'no-such-config',
    message: `${id} has no configuration "${name}". It has ${listed(configs.map((one) => one.name))}.`,
    where: `${id}/${name}`,
    remedy: `Choose one of these: ${id}/${configs[0]?.name ?? ''}.`,
  });
}

/** Error `no-such-split`, with those that there are. */
export function splitOf({ id }: OpenDataset, config: LaidConfig, name: string): LaidSplit {
  const split = config.splits.find((one) => one.name === name);
  if (split !== undefined) return split;
  throw new RetraceError({
    code: 'no-such-split',
    message: `${id}/${config.name} has no split "${name}". It has ${listed(config.splits.map((one) => one.name))}.`,
    where: `${id}/${config.name}/${name}`,
    remedy: `Choose one of these: ${id}/${config.name}/${config.splits[0]?.name ?? ''}.`,
  });
}

/** Columns and rows of a split by the footers of its files. */
async function lookedUp(
  hub: Hub,
  { repo }: OpenDataset,
  { files }: LaidSplit,
): Promise<{ columns: HubColumn[]; rows: number | undefined }> {
  const sources = files.flatMap(({ path }) => hub.file(repo, path) ?? []);
  const { columns, rowCount } = await openParquetFiles({ name: repo.id, files: sources });
  return {
    columns: columns.map(({ name, kind, is, classes }) => ({
      ...{ name, type: classes ? 'ClassLabel' : kind === 'image' ? 'Image' : is },
      ...(classes ? { names: classes } : {}),
    })),
    rows: rowCount,
  };
}

/** What it is, before a row is read. Errors: those of `openDataset`. */
export async function describeDataset(hub: Hub, place: DatasetPlace): Promise<HubDataset> {
  const dataset = await openDataset(hub, place);
  const { id, repo, configs, card, converted } = dataset;
  const facts = converted && place.revision === undefined ? await serverFacts(hub, id) : undefined;
  let left = MOST_LOOKED_UP;
  const described: HubDataset['configs'][number][] = [];
  for (const config of configs) {
    const { name, splits } = config;
    const [served, carded] = [facts?.configs.find((one) => one.name === name), card.infos.find((one) => one.config === name)];
    const known = new Map([...(carded?.splits ?? []), ...(served?.splits ?? [])].map((split) => [split.name, split.rows]));
    const said: readonly HubColumn[] = served?.columns ?? carded?.columns ?? [];
    let columns = said.map(({ name: column, type, names }) => ({ name: column, type, ...(names ? { names } : {}) }));
    const shown: { name: string; rows: number | undefined; bytes: number }[] = [];
    for (const split of splits) {
      const isParquet = split.files.every(({ path }) => path.endsWith('.parquet'));
      const unknown = columns.length === 0 || known.get(split.name) === undefined;
      const listed = split.pictures && picturesDescribed(config, split);
      const found = listed ?? (unknown && isParquet && left-- > 0 ? await lookedUp(hub, dataset, split) : undefined);
      if (columns.length === 0) columns = [...(found?.columns ?? [])];
      const bytes = split.files.reduce((sum, { size }) => sum + size, 0);
      shown.push({ name: split.name, rows: known.get(split.name) ?? found?.rows, bytes });
    }
    described.push({ name, columns, splits: shown });
  }
  const about = await dataset.about();
  return {
    ...{ id, commit: repo.commit, configs: described },
    licence: about.licence ?? facts?.licence,
    citation: about.citation ?? facts?.citation,
    homepage: facts?.homepage,
  };
}
