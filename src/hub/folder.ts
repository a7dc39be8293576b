// A model as a folder of named files, wherever it lies: served, or picked from disk. Knows nothing of models: callers ask for paths.
// Invariant: opening a file moves no more than one byte of it; bytes move when they are read, and no file is ever held whole.

import * as v from 'valibot';
import type { ByteSource } from '../formats/bytes.ts';
import { decodeUtf8, parseJson } from '../formats/text.ts';
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
  /** Of the whole file, hexadecimal. */
  readonly sha256?: string | undefined;
}

const BundledRow = v.object({
  name: v.string(),
  license: v.string(),
  files: v.array(v.object({ path: v.string(), size: v.number(), sha256: v.optional(v.string()) })),
});
const BundledIndex = v.object({ models: v.optional(v.array(BundledRow)), data: v.optional(v.array(BundledRow)) });

function byPath(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * A folder under a URL. Sizes come from `files` where given, else from the server, file by file.
 * Errors: `network`, `http-status`, `no-listing` (from `list`, where no `files` are given).
 */
export function httpFolder(baseUrl: string, files?: readonly ListedFile[], fetchFile: FetchFile = fetch): ModelFolder {
  const base = baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`;
  const urlOf = (path: string): string => base + path.split('/').map(encodeURIComponent).join('/');
  return {
    name: base.split('/').filter(Boolean).at(-1) ?? base,
    async open(path) {
      if (files === undefined) return openUrl(urlOf(path), path, fetchFile);
      const row = files.find((file) => file.path === path);
      return row === undefined ? undefined : httpSource(urlOf(path), path, row.size, fetchFile);
    },
    async list() {
      if (files !== undefined) return files.map((file) => file.path).sort(byPath);
      throw new RetraceError({
        code: 'no-listing',
        message: `${base} does not say which files it holds.`,
        where: base,
        remedy: 'Give the list of its files, or pick the folder from disk.',
      });
    },
  };
}

/** A folder that comes with the app, as its index.json describes it. */
export interface BundledFolder {
  readonly name: string;
  readonly license: string;
  readonly files: readonly ListedFile[];
  readonly folder: ModelFolder;
}

/** The folders beside `index.json` under `baseUrl`: `{"models" or "data": [{"name", "license", "files": [{"path", "size", "sha256"}]}]}`. */
export async function bundledFolders(baseUrl: string, fetchFile: FetchFile = fetch): Promise<BundledFolder[]> {
  const base = baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`;
  const index = await readJson(httpFolder(base, undefined, fetchFile), 'index.json');
  const parsed = v.safeParse(BundledIndex, index);
  if (!parsed.success) {
    throw new RetraceError({
      code: 'bad-index',
      message: `${base}index.json does not list folders: ${parsed.issues[0].message}`,
      where: `${base}index.json, ${v.getDotPath(parsed.issues[0]) ?? 'top'}`,
      remedy: 'Build the app anew; its bundled files are incomplete.',
    });
  }
  const rows = parsed.output.models ?? parsed.output.data ?? [];
  return rows.map((row) => ({ ...row, folder: httpFolder(base + row.name, row.files, fetchFile) }));
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

/** The largest tokenizer.json of a published model is half of this; values that JSON makes take many times its bytes. */
const mostTextBytes = 64 * 2 ** 20;

/** A whole text file, strict UTF-8. Error: `file-too-large`. */
export async function readText(folder: ModelFolder, path: string): Promise<string> {
  const source = await openFile(folder, path);
  if (source.size > mostTextBytes) {
    throw new RetraceError({
      code: 'file-too-large',
      message: `${folder.name}/${path} has ${source.size} bytes; at most ${mostTextBytes} are read of such a file.`,
      where: `${folder.name}/${path}`,
      remedy: 'Check that it is what its name says, and download it again.',
    });
  }
  return decodeUtf8(`${folder.name}/${path}`, await source.read(0, source.size));
}

/** A whole JSON file; the caller checks its shape. */
export async function readJson(folder: ModelFolder, path: string): Promise<unknown> {
  return parseJson(`${folder.name}/${path}`, await readText(folder, path));
}
