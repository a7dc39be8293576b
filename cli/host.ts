// Node's answers to a session's questions: Dawn for the GPU, the public folder for what is bundled, a folder on disk for checkpoints.

import { existsSync, openAsBlob } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { ByteSource } from '../src/formats/bytes.ts';
import type { ModelFolder } from '../src/hub/folder.ts';
import type { ModelRef } from '../src/protocol/config.ts';
import { RetraceError } from '../src/protocol/errors.ts';
import type { Host, RunStore, StoredRun } from '../src/session/host.ts';
import { openGpu } from './adapter.ts';

/** The `public` folder: beside this file in a checkout, or above the bundle that bin/retrace.mjs makes. */
function publicFolder(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const candidate = join(folder, 'public', 'models', 'index.json');
    if (existsSync(candidate)) return join(folder, 'public');
    if (folder === dirname(folder)) throw new RetraceError({ code: 'no-public-folder', message: 'The bundled models were not found.', remedy: 'Run the command from a complete checkout.' });
  }
}

async function fileSource(path: string, name: string): Promise<ByteSource> {
  const { size } = await stat(path);
  return {
    name,
    size,
    async read(begin, end) {
      const handle = await open(path, 'r');
      try {
        const bytes = new Uint8Array(end - begin);
        const { bytesRead } = await handle.read(bytes, 0, bytes.length, begin);
        return bytes.subarray(0, bytesRead);
      } finally {
        await handle.close();
      }
    },
  };
}

/** A folder on disk, read by ranges. */
export function diskFolder(root: string, name: string): ModelFolder {
  return {
    name,
    async open(path) {
      const full = join(root, path);
      return existsSync(full) ? fileSource(full, path) : undefined;
    },
    async list() {
      const all = await readdir(root, { recursive: true, withFileTypes: true });
      return all.filter((entry) => entry.isFile()).map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'));
    },
  };
}

/** `bundled` (or a bundled name), or a folder on disk. Error: `no-such-folder`. */
export async function modelRef(argument: string): Promise<ModelRef> {
  if (argument === 'bundled') return { kind: 'bundled', name: 'all-MiniLM-L6-v2' };
  const root = resolve(argument);
  if (existsSync(join(root, 'config.json'))) {
    const paths = await diskFolder(root, argument).list();
    const files = await Promise.all(paths.map(async (path) => ({ path, blob: await openAsBlob(join(root, path)) })));
    return { kind: 'files', name: root.split(sep).at(-1) ?? argument, files };
  }
  if (existsSync(join(publicFolder(), 'models', argument, 'config.json'))) return { kind: 'bundled', name: argument };
  throw new RetraceError({
    code: 'no-such-folder',
    message: `'${argument}' is not a folder with a config.json, nor the name of a bundled model.`,
    where: '--model',
    remedy: "Give a Hugging Face model folder, or 'bundled'.",
  });
}

const runFiles = { run: 'run.json', state: 'checkpoint.safetensors', best: 'best.safetensors' } as const;

/** Checkpoints of one run in a folder; written beside and renamed, so that a kill leaves the one before. */
export function folderRuns(folder: string, restoreConfig: (kept: unknown) => Promise<StoredRun['config']>, keptConfig: unknown): RunStore {
  const path = (name: string) => join(folder, name);
  async function put(name: string, bytes: Uint8Array | string): Promise<void> {
    await writeFile(path(`${name}.part`), bytes);
    await rename(path(`${name}.part`), path(name));
  }
  return {
    async save({ summary, events, state, best }) {
      await mkdir(folder, { recursive: true });
      await put(runFiles.state, state);
      if (best) await put(runFiles.best, best);
      await put(runFiles.run, `${JSON.stringify({ summary, config: keptConfig, events })}\n`);
      return { path: path(runFiles.state) };
    },
    async load() {
      if (!existsSync(path(runFiles.run))) return undefined;
      const { summary, config, events } = JSON.parse(await readFile(path(runFiles.run), 'utf8')) as { summary: StoredRun['summary']; config: unknown; events: StoredRun['events'] };
      const best = existsSync(path(runFiles.best)) ? Uint8Array.from(await readFile(path(runFiles.best))) : undefined;
      return { summary, config: await restoreConfig(config), events, state: Uint8Array.from(await readFile(path(runFiles.state))), best };
    },
    list: async () => [],
    async delete() {
      await Promise.all(Object.values(runFiles).map((name) => rm(path(name), { force: true })));
    },
  };
}

/** A store that forgets: for commands that keep no checkpoint. */
export const noRuns: RunStore = {
  save: async () => ({ path: '' }),
  load: async () => undefined,
  list: async () => [],
  delete: async () => undefined,
};

export function nodeHost(runs: RunStore = noRuns): Host {
  const root = (kind: 'models' | 'data', name = ''): string => join(publicFolder(), kind, name);
  return {
    gpu: openGpu,
    async bundled(kind, name) {
      if (existsSync(root(kind, name))) return diskFolder(root(kind, name), name);
      throw new RetraceError({ code: 'unknown-bundled', message: `Nothing named '${name}' is bundled.`, where: kind, remedy: `Bundled: ${(await readdir(root(kind))).filter((entry) => !entry.includes('.')).join(', ')}.` });
    },
    bundledRoot: async (kind) => diskFolder(root(kind), kind),
    runs,
  };
}
