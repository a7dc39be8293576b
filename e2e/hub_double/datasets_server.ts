// The datasets-server: splits, features, rows and Parquet files of the data sets that have a viewer; and the hub's own list of those files. After the OpenAPI
// document of huggingface/dataset-viewer. Invariant: every error is JSON with `error`, and X-Error-Code names its kind.

import { canRead, findRepo, isAnswer, refusal, refusedToken, rightsOf } from './access.ts';
import { PARQUET_BRANCH } from './datasets.ts';
import type { StoredFile } from './files.ts';
import type { Asked, Hub } from './hub.ts';
import type { DatasetViewer, DoubleRepo, Row, ViewedConfig } from './repos.ts';
import { type Answer, json, redirect } from './sending.ts';

const MOST_ROWS = 100;

const failed = (status: number, code: string, error: string): Answer => json({ error }, status, { 'X-Error-Code': code });

interface ParquetFile {
  readonly config: string;
  readonly split: string;
  readonly file: StoredFile;
}

function parquetFiles(repo: DoubleRepo): ParquetFile[] {
  const files = repo.at(PARQUET_BRANCH)?.files.values() ?? [];
  return [...files].flatMap((file) => {
    const [, config, split] = /^([^/]+)\/(?:partial-)?([^/]+)\/\d+\.parquet$/.exec(file.path) ?? [];
    return config === undefined || split === undefined ? [] : [{ config, split, file }];
  });
}

const fileAddress = (hub: Hub, repo: DoubleRepo, file: StoredFile) =>
  `${hub.endpoint}/datasets/${repo.id}/resolve/${encodeURIComponent(PARQUET_BRANCH)}/${file.path}`;

/** `/api/datasets/{id}/parquet[/{config}[/{split}[/{n}.parquet]]]` on the hub. */
export function parquetList(hub: Hub, repo: DoubleRepo, [config, split, shard]: readonly string[]): Answer {
  const files = parquetFiles(repo).filter((each) => (config ?? each.config) === each.config && (split ?? each.split) === each.split);
  if (files.length === 0) return refusal(404, 'EntryNotFound', 'This dataset has no Parquet files');
  if (shard !== undefined) {
    const file = files[Number(/^(\d+)\.parquet$/.exec(shard)?.[1])]?.file;
    return file === undefined ? refusal(404, 'EntryNotFound', 'Parquet file not found') : redirect(302, fileAddress(hub, repo, file));
  }
  const lists: Record<string, Record<string, string[]>> = {};
  for (const each of files) {
    lists[each.config] ??= {};
    const ofConfig = lists[each.config] ?? {};
    ofConfig[each.split] ??= [];
    const ofSplit = ofConfig[each.split] ?? [];
    ofSplit.push(`${hub.endpoint}/api/datasets/${repo.id}/parquet/${each.config}/${each.split}/${ofSplit.length}.parquet`);
  }
  const ofConfig = config === undefined ? undefined : lists[config];
  return json(config === undefined ? lists : split === undefined ? ofConfig : ofConfig?.[split]);
}

/** The viewer of the data set that is asked for, or why it can't be seen. */
function viewed(asked: Asked, hub: Hub): { repo: DoubleRepo; viewer: DatasetViewer } | Answer {
  const id = asked.query.get('dataset') ?? '';
  if (id === '') return failed(422, 'MissingRequiredParameter', "Parameter 'dataset' is required");
  if (hub.renamed.has(`dataset:${id}`)) {
    return failed(404, 'RenamedDatasetError', 'The dataset has been renamed. Please use the current dataset name.');
  }
  const repo = refusedToken(asked, hub) ?? findRepo(asked, hub, 'dataset', id);
  const closed = isAnswer(repo) || (repo.facts.gated !== undefined && !canRead(rightsOf(asked, hub), id));
  if (closed || isAnswer(repo)) {
    return rightsOf(asked, hub) === undefined
      ? failed(
          401,
          'ExternalUnauthenticatedError',
          'The dataset does not exist, or is not accessible without authentication (private or gated). Please check the spelling of the dataset name or retry with authentication.',
        )
      : failed(
          404,
          'ExternalAuthenticatedError',
          'The dataset does not exist, or is not accessible with the current credentials (private or gated). Please check the spelling of the dataset name or retry with other authentication credentials.',
        );
  }
  if (repo.viewer === undefined) return failed(500, 'EmptyDatasetError', 'The dataset is empty.');
  return { repo, viewer: repo.viewer };
}

function datasetInfo(repo: DoubleRepo, viewer: DatasetViewer, name: string, config: ViewedConfig) {
  const splits = Object.entries(config.splits).map(([split, rows]): [string, object] => [
    split,
    { name: split, num_bytes: memoryOf(rows), num_examples: rows.length, dataset_name: null },
  ]);
  return {
    description: viewer.description ?? '',
    citation: viewer.citation ?? '',
    homepage: viewer.homepage ?? '',
    license: viewer.license ?? '',
    features: config.features,
    builder_name: 'parquet',
    dataset_name: repo.id.split('/').at(-1),
    config_name: name,
    version: { version_str: '0.0.0', major: 0, minor: 0, patch: 0 },
    splits: Object.fromEntries(splits),
    download_size: parquetFiles(repo).reduce((sum, each) => sum + (each.config === name ? each.file.size : 0), 0),
    dataset_size: Object.values(config.splits).reduce((sum, rows) => sum + memoryOf(rows), 0),
  };
}

const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? Number(value) : value);
const memoryOf = (rows: readonly Row[]): number => JSON.stringify(rows, plain).length;

/** Of a picture, an address and its size; what is not asked for by any test has none. */
const shownCell = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'bytes' in value && 'path' in value
    ? { src: 'https://datasets-server.huggingface.co/cached-assets/image.jpg', height: 2, width: 3 }
    : plain(_, value);

const shownRows = (rows: readonly Row[], begin: number) =>
  rows.map((row, i) => ({ row_idx: begin + i, row: JSON.parse(JSON.stringify(row, shownCell)), truncated_cells: [] }));

const featureList = (features: ViewedConfig['features']) =>
  Object.entries(features).map(([name, type], feature_idx) => ({ feature_idx, name, type }));

function wholeNumber(asked: Asked, name: string, otherwise: number): number | Answer {
  const given = asked.query.get(name);
  if (given === null) return otherwise;
  if (!/^-?\d+$/.test(given)) return failed(422, 'InvalidParameter', `Parameter '${name}' must be integer`);
  return Number(given) < 0 ? failed(422, 'InvalidParameter', `Parameter '${name}' must be positive`) : Number(given);
}

function rowsAnswer(asked: Asked, viewer: DatasetViewer, id: string): Answer {
  const [name, split] = [asked.query.get('config') ?? '', asked.query.get('split') ?? ''];
  if (name === '') return failed(422, 'MissingRequiredParameter', "Parameter 'config' is required");
  if (split === '') return failed(422, 'MissingRequiredParameter', "Parameter 'split' is required");
  const config = viewer.configs[name];
  const rows = config?.splits[split];
  if (config === undefined || rows === undefined)
    return failed(404, 'ResponseNotFound', `The config '${name}' or its split '${split}' does not exist.`);
  const features = featureList(config.features);
  if (asked.segments[0] === 'first-rows') {
    const shown = rows.slice(0, MOST_ROWS);
    return json({ dataset: id, config: name, split, features, rows: shownRows(shown, 0), truncated: shown.length < rows.length });
  }
  const offset = wholeNumber(asked, 'offset', 0);
  const length = wholeNumber(asked, 'length', MOST_ROWS);
  if (typeof offset !== 'number') return offset;
  if (typeof length !== 'number') return length;
  if (length > MOST_ROWS) return failed(422, 'InvalidParameter', `Parameter 'length' must not be greater than ${MOST_ROWS}`);
  const partial = config.partial ?? false;
  return json({
    features,
    rows: shownRows(rows.slice(offset, offset + length), offset),
    num_rows_total: rows.length,
    num_rows_per_page: MOST_ROWS,
    partial,
  });
}

function sizeAnswer(repo: DoubleRepo, configs: readonly (readonly [string, ViewedConfig])[], one: boolean): Answer {
  const parquet = parquetFiles(repo);
  const dataset = repo.id;
  const splits = configs.flatMap(([config, { features, splits: all }]) =>
    Object.entries(all).map(([split, rows]) => ({
      dataset,
      config,
      split,
      num_bytes_parquet_files: parquet.reduce(
        (sum, each) => sum + (each.config === config && each.split === split ? each.file.size : 0),
        0,
      ),
      num_bytes_memory: memoryOf(rows),
      num_rows: rows.length,
      num_columns: Object.keys(features).length,
      estimated_num_rows: null,
    })),
  );
  const total = (of: typeof splits) => {
    const sum = (key: 'num_bytes_parquet_files' | 'num_bytes_memory' | 'num_rows') => of.reduce((all, split) => all + split[key], 0);
    return {
      num_bytes_original_files: sum('num_bytes_parquet_files'),
      num_bytes_parquet_files: sum('num_bytes_parquet_files'),
      num_bytes_memory: sum('num_bytes_memory'),
      num_rows: sum('num_rows'),
      estimated_num_rows: null,
    };
  };
  const shown = configs.map(([config, { features }]) => ({
    dataset,
    config,
    ...total(splits.filter((split) => split.config === config)),
    num_columns: Object.keys(features).length,
  }));
  const partial = configs.some(([, config]) => config.partial);
  if (one) return json({ size: { config: shown[0], splits }, partial });
  return json({ size: { dataset: { dataset, ...total(splits) }, configs: shown, splits }, pending: [], failed: [], partial });
}

export function datasetsAnswer(asked: Asked, hub: Hub): Answer {
  const [question] = asked.segments;
  const found = viewed(asked, hub);
  if (isAnswer(found)) {
    if (question !== 'is-valid' || found.status !== 500) return found;
    return json({ preview: false, viewer: false, search: false, filter: false, statistics: false });
  }
  const { repo, viewer } = found;
  if (question === 'is-valid') return json({ preview: true, viewer: true, search: true, filter: true, statistics: true });
  if (question === 'rows' || question === 'first-rows') return rowsAnswer(asked, viewer, repo.id);

  const name = asked.query.get('config');
  const configs = Object.entries(viewer.configs).filter(([config]) => name === null || config === name);
  const [first] = configs;
  if (first === undefined) return failed(404, 'ResponseNotFound', `The config '${name}' does not exist.`);
  const partial = configs.some(([, config]) => config.partial);
  const complete = { pending: [], failed: [] };
  switch (question) {
    case 'splits': {
      const splits = configs.flatMap(([config, of]) => Object.keys(of.splits).map((split) => ({ dataset: repo.id, config, split })));
      return json({ splits, ...complete });
    }
    case 'info': {
      if (name !== null) return json({ dataset_info: datasetInfo(repo, viewer, ...first), partial });
      return json({
        dataset_info: Object.fromEntries(configs.map((each) => [each[0], datasetInfo(repo, viewer, ...each)])),
        ...complete,
        partial,
      });
    }
    case 'parquet': {
      const files = parquetFiles(repo).filter(({ config }) => name === null || config === name);
      const parquet_files = files.map(({ config, split, file }) => ({
        dataset: repo.id,
        config,
        split,
        url: fileAddress(hub, repo, file),
        filename: file.path.split('/').at(-1),
        size: file.size,
      }));
      return json({ parquet_files, ...complete, partial });
    }
    case 'size':
      return sizeAnswer(repo, configs, name !== null);
    default:
      return failed(404, 'ResponseNotFound', 'Not found.');
  }
}
