// A model as a folder of named files, wherever it lies: served, or picked from disk. Knows nothing of models: callers ask for paths.
// Invariant: opening a file moves no more than one byte of it; bytes move when they are read, and no file is ever held whole.

import type { ByteSource } from '../formats/bytes.ts';
import { decodeUtf8, isRecord, parseJson } from '../formats/text.ts';
import { RetraceError } from '../protocol/errors.ts';
import { type FetchFile, httpSource, openUrl } from './http_source.ts';

export interface ModelFolder {
  /** What people call it: the folder's or model's name. */
  readonly name: string;
  /** The file at `path` (slashes, no leading one), or undefined where there is none. */
  open(path: string): Promise<ByteSource | undefined>;
  /** Paths of all files, sorted. */
  list(): Promise<string[]>;
}

export interface ListedFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

function byPath(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `{"files": [{"path", "size"}, ...]}`, the listing that a served folder may carry as index.json; undefined for any other JSON. */
function listingOf(value: unknown): ListedFile[] | undefined {
  if (!isRecord(value) || !Array.isArray(value.files)) return undefined;
  const files: ListedFile[] = [];
  for (const row of value.files as unknown[]) {
    if (!isRecord(row) || typeof row.path !== 'string' || typeof row.size !== 'number') return undefined;
    files.push({ path: row.path, size: row.size });
  }
  return files;
}

/**
 * A folder under a URL. Sizes come from `files`, else from the folder's own index.json, else from the server, file by file.
 * Errors: `network`, `http-status`, `no-listing` (from `list` alone, where the server offers none).
 */
export function httpFolder(baseUrl: string, files?: readonly ListedFile[], fetchFile: FetchFile = fetch): ModelFolder {
  const base = baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`;
  const urlOf = (path: string): string => base + path.split('/').map(encodeURIComponent).join('/');
  let listing: Promise<readonly ListedFile[] | undefined> | undefined;

  async function fetchListing(): Promise<readonly ListedFile[] | undefined> {
    const index = await openUrl(urlOf('index.json'), 'index.json', fetchFile);
    if (index === undefined) return undefined;
    return listingOf(parseJson('index.json', decodeUtf8('index.json', await index.read(0, index.size))));
  }

  function listed(): Promise<readonly ListedFile[] | undefined> {
    listing ??= files === undefined ? fetchListing() : Promise.resolve(files);
    // A failed request is not remembered: the next call asks again.
    listing.catch(() => {
      listing = undefined;
    });
    return listing;
  }

  return {
    name: base.split('/').filter(Boolean).at(-1) ?? base,
    async open(path) {
      const rows = await listed();
      if (rows === undefined) return openUrl(urlOf(path), path, fetchFile);
      const row = rows.find((file) => file.path === path);
      return row === undefined ? undefined : httpSource(urlOf(path), path, row.size, fetchFile);
    },
    async list() {
      const rows = await listed();
      if (rows === undefined) {
        throw new RetraceError({
          code: 'no-listing',
          message: `${base} does not say which files it holds.`,
          where: `${base}index.json`,
          remedy: 'Serve an index.json with {"files": [{"path", "size"}]} in that folder, or pick the folder from disk.',
        });
      }
      return rows.map((file) => file.path).sort(byPath);
    },
  };
}

/** Files picked or dropped in the browser. A top folder that all paths share (webkitRelativePath has one) becomes the name. */
export function fileFolder(files: readonly { readonly path: string; readonly blob: Blob }[], name?: string): ModelFolder {
  const top = files[0]?.path.split('/')[0] ?? '';
  const shared = files.length > 0 && files.every((file) => file.path.startsWith(`${top}/`));
  const blobs = new Map(files.map((file) => [shared ? file.path.slice(top.length + 1) : file.path, file.blob]));
  return {
    name: name ?? (shared ? top : 'folder'),
    open(path) {
      const blob = blobs.get(path);
      return Promise.resolve(blob === undefined ? undefined : blobSource(path, blob));
    },
    list: () => Promise.resolve([...blobs.keys()].sort(byPath)),
  };
}

/** A Blob or File, read in place by slices. Error: `file-changed` where the file on disk changed or went away. */
export function blobSource(name: string, blob: Blob): ByteSource {
  return {
    name,
    size: blob.size,
    async read(begin, end) {
      try {
        return new Uint8Array(await blob.slice(begin, end).arrayBuffer());
      } catch (thrown) {
        throw new RetraceError({
          code: 'file-changed',
          message: `${name} could not be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
          where: `${name}, bytes ${begin} to ${end}`,
          remedy: 'The file was changed, moved or removed after it was picked. Pick it again.',
        });
      }
    },
  };
}

/** The file's source, or the error `missing-file` that names it. */
export async function openFile(folder: ModelFolder, path: string): Promise<ByteSource> {
  const source = await folder.open(path);
  if (source !== undefined) return source;
  throw new RetraceError({
    code: 'missing-file',
    message: `${folder.name} has no ${path}.`,
    where: `${folder.name}/${path}`,
    remedy: 'Choose the folder that holds config.json, tokenizer.json and model.safetensors, as downloaded from the model hub.',
  });
}

/** A whole text file, strict UTF-8. */
export async function readText(folder: ModelFolder, path: string): Promise<string> {
  const source = await openFile(folder, path);
  return decodeUtf8(`${folder.name}/${path}`, await source.read(0, source.size));
}

/** A whole JSON file; the caller checks its shape. */
export async function readJson(folder: ModelFolder, path: string): Promise<unknown> {
  return parseJson(`${folder.name}/${path}`, await readText(folder, path));
}
