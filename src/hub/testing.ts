// For tests: a store in memory, of any size. Invariant: as of every store.

import { bytesOf } from '../formats/bytes.ts';
import { RetraceError } from '../protocol/errors.ts';
import { rest } from './attempts.ts';
import { RangeSet } from './ranges.ts';
import type { HubFile, RepoId, Snapshot } from './repo.ts';
import type { HubStore, KeptSnapshot, PartFile, Range } from './store.ts';

interface Part {
  readonly bytes: Uint8Array;
  ranges: readonly Range[];
  held: boolean;
}

const keyOf = ({ type, id }: RepoId): string => `${type} ${id}`;
/** Files of the same content are one. */
const contentOf = ({ sha256, oid, path }: HubFile): string => sha256 ?? (oid || path);

/** `most`: bytes that it takes at most. */
export function memoryStore(most = Number.POSITIVE_INFINITY): HubStore {
  const revisions = new Map<string, string>();
  const snapshots = new Map<string, { readonly repo: RepoId; readonly snapshot: Snapshot; used: number }>();
  const wholes = new Map<string, Uint8Array>();
  const parts = new Map<string, Part>();
  const used = () =>
    [...wholes.values()].reduce((sum, { length }) => sum + length, 0) +
    [...parts.values()].reduce((sum, { ranges }) => sum + new RangeSet(ranges).bytes, 0);
  const at = (repo: RepoId, commit: string) => snapshots.get(`${keyOf(repo)} ${commit}`);
  const fileAt = (repo: RepoId, commit: string, path: string) => at(repo, commit)?.snapshot.files.find((file) => file.path === path);

  function partOf(content: string, file: HubFile, part: Part): PartFile {
    let over = false;
    let written = new RangeSet(part.ranges).bytes;
    const end = () => {
      if (!over) part.held = false;
      over = true;
    };
    return {
      ranges: part.ranges,
      read: async (begin, to) => part.bytes.slice(begin, to),
      async write(begin, bytes) {
        const room = most - used();
        written += bytes.length;
        if (room < 0 || written > most) {
          throw new RetraceError({
            code: 'store-full',
            message: `${file.path} needs ${file.size} bytes; ${Math.max(0, room)} are free in this tab's memory.`,
            where: file.path,
            remedy: 'Choose a smaller model.',
          });
        }
        part.bytes.set(bytes, begin);
      },
      async flush(ranges) {
        part.ranges = ranges;
      },
      async finish() {
        end();
        parts.delete(content);
        wholes.set(content, part.bytes);
      },
      async discard() {
        end();
        parts.delete(content);
      },
      async close() {
        end();
      },
    };
  }

  return {
    place: "this tab's memory",
    commitOf: async (repo, revision) => revisions.get(`${keyOf(repo)} ${revision}`),
    async setCommit(repo, revision, commit) {
      revisions.set(`${keyOf(repo)} ${revision}`, commit);
    },
    snapshot: async (repo, commit) => at(repo, commit)?.snapshot,
    async setSnapshot({ type, id }, snapshot) {
      snapshots.set(`${keyOf({ type, id })} ${snapshot.commit}`, { repo: { type, id }, snapshot, used: Date.now() });
    },
    async open(repo, commit, path) {
      const file = fileAt(repo, commit, path);
      const bytes = file && wholes.get(contentOf(file));
      return bytes && bytesOf(path, bytes);
    },
    async paths(repo, commit) {
      const files = at(repo, commit)?.snapshot.files ?? [];
      return files.filter((file) => wholes.has(contentOf(file))).map(({ path }) => path);
    },
    async part(_repo, _commit, file, { wait = false, signal } = {}) {
      const content = contentOf(file);
      for (;;) {
        const part = parts.get(content) ?? { bytes: new Uint8Array(file.size), ranges: [], held: false };
        if (!part.held) {
          part.held = true;
          parts.set(content, part);
          return partOf(content, file, part);
        }
        if (!wait) return undefined;
        await rest(10, signal);
      }
    },
    async kept() {
      const all = [...snapshots.values()].map(({ repo, snapshot, used: lastUsed }): KeptSnapshot => {
        const files = snapshot.files.map((file) => {
          const part = parts.get(contentOf(file));
          return { ...file, kept: wholes.has(contentOf(file)) ? file.size : part ? new RangeSet(part.ranges).bytes : 0 };
        });
        const names = [...revisions].filter(([key, commit]) => commit === snapshot.commit && key.startsWith(`${keyOf(repo)} `));
        return {
          ...repo,
          commit: snapshot.commit,
          revisions: names.map(([key]) => key.slice(keyOf(repo).length + 1)),
          files,
          bytes: files.reduce((sum, { kept }) => sum + kept, 0),
          lastUsed,
        };
      });
      return all.sort((a, b) => b.lastUsed - a.lastUsed);
    },
    async remove(repo, commit) {
      for (const [key, { snapshot, repo: of }] of snapshots) {
        if (keyOf(of) !== keyOf(repo) || (commit !== undefined && snapshot.commit !== commit)) continue;
        snapshots.delete(key);
        const others = new Set([...snapshots.values()].flatMap((one) => one.snapshot.files.map(contentOf)));
        for (const content of snapshot.files.map(contentOf).filter((one) => !others.has(one))) {
          wholes.delete(content);
          parts.delete(content);
        }
      }
    },
    space: async () => ({ free: most === Number.POSITIVE_INFINITY ? 2 ** 31 : most - used() }),
  };
}
