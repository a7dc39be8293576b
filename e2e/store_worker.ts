// A worker that holds the page's store of what came from the hub, for hub_store.e2e.ts: it does what a message says, one part at a time. No part of the page.

import type { HubFile, RepoId, Snapshot } from '../src/hub/repo.ts';
import type { PartFile, Range } from '../src/hub/store.ts';
import { reportOf } from '../src/protocol/errors.ts';
import { browserStore } from '../src/worker/hub_store.ts';

const store = browserStore();
let part: PartFile | undefined;

const held = (): PartFile => {
  if (part === undefined) throw new Error('no part is held');
  return part;
};

/** Bytes that say where they stand. */
export const drawn = (begin: number, end: number): Uint8Array =>
  Uint8Array.from({ length: end - begin }, (_, i) => ((begin + i) * 31 + ((begin + i) >>> 8)) & 255);

const firstWrong = (bytes: Uint8Array, begin: number): number => {
  const right = drawn(begin, begin + bytes.length);
  return bytes.findIndex((byte, i) => byte !== right[i]);
};

const calls = {
  setSnapshot: (repo: RepoId, snapshot: Snapshot) => store.setSnapshot(repo, snapshot),
  setCommit: (repo: RepoId, revision: string, commit: string) => store.setCommit(repo, revision, commit),
  commitOf: (repo: RepoId, revision: string) => store.commitOf(repo, revision),
  /** Takes a part and says what of it is here; null where somebody else has it. */
  async begin(repo: RepoId, commit: string, file: HubFile, wait: boolean, patienceMs?: number) {
    part = await store.part(repo, commit, file, {
      wait,
      ...(patienceMs === undefined ? {} : { signal: AbortSignal.timeout(patienceMs) }),
    });
    return part?.ranges ?? null;
  },
  write: (begin: number, end: number) => held().write(begin, drawn(begin, end)),
  wrongInPart: async (begin: number, end: number) => firstWrong(await held().read(begin, end), begin),
  flush: (ranges: Range[]) => held().flush(ranges),
  finish: () => held().finish(),
  discard: () => held().discard(),
  close: () => held().close(),
  /** The size of a whole file and the first byte of it that is not as drawn (-1: none); null where it is not here. */
  async open(repo: RepoId, commit: string, path: string) {
    const source = await store.open(repo, commit, path);
    return source === undefined ? null : { size: source.size, wrong: firstWrong(await source.read(0, source.size), 0) };
  },
  snapshot: async (repo: RepoId, commit: string) => (await store.snapshot(repo, commit)) ?? null,
  paths: (repo: RepoId, commit: string) => store.paths(repo, commit),
  kept: () => store.kept(),
  remove: (repo: RepoId, commit?: string) => store.remove(repo, commit),
  space: () => store.space(),
  /** As in a browser that has no such storage. */
  async withoutStorage(what: 'getDirectory' | 'sync handles') {
    if (what === 'getDirectory') Object.defineProperty(navigator.storage, 'getDirectory', { value: undefined });
    else Reflect.deleteProperty(FileSystemFileHandle.prototype, 'createSyncAccessHandle');
    return store.kept();
  },
};
export type StoreCalls = typeof calls;

self.addEventListener('message', ({ data: { call, values } }: MessageEvent<{ call: keyof StoreCalls; values: never[] }>) => {
  const act = calls[call] as (...values: never[]) => Promise<unknown>;
  act(...values).then(
    (answer) => self.postMessage({ answer }),
    (thrown) => self.postMessage({ error: reportOf(thrown) }),
  );
});
