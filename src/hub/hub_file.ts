// A file of the hub as a source of bytes: what is kept is read where it lies, the rest comes by ranges and is kept as it passes by. For headers,
// configurations and tables; whole models come by fetching.ts. Invariant: reads of one file run one after another.

import type { ByteSource } from '../formats/bytes.ts';
import { RetraceError } from '../protocol/errors.ts';
import type { Waiting } from './client.ts';
import { Filling } from './filling.ts';
import { damaged, type RemoteFile, readRemote } from './remote.ts';
import type { HubStore, PartFile } from './store.ts';

/** Files up to this come whole at the first read. */
const WHOLE_BYTES = 2 ** 20;
/** Requests for less are widened to it: a header is read in two steps, a table in many. */
const LEAST_BYTES = 256 * 1024;

export interface HubFilePlace extends RemoteFile {
  readonly store: HubStore;
  readonly waiting?: Waiting | undefined;
}

/** Bytes that nobody keeps: the store is shut, or somebody else writes there. */
async function readPassing(place: HubFilePlace, begin: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - begin);
  await readRemote(place, begin, end, {
    ...place.waiting,
    async take(at, piece) {
      bytes.set(piece, at - begin);
    },
  });
  return bytes;
}

/** The part, or undefined where nothing can be kept just now. A full disk does not keep anybody from reading. */
async function partOf({ store, repo, commit, file }: HubFilePlace): Promise<PartFile | undefined> {
  try {
    return await store.part(repo, commit, file);
  } catch (thrown) {
    if (thrown instanceof RetraceError && ['store-full', 'store-closed'].includes(thrown.code)) return undefined;
    throw thrown;
  }
}

async function readKeeping(place: HubFilePlace, part: PartFile, begin: number, end: number): Promise<Uint8Array> {
  const { file } = place;
  const filling = new Filling(file, part);
  const [from, to] = file.size <= WHOLE_BYTES ? [0, file.size] : [begin, Math.min(file.size, Math.max(end, begin + LEAST_BYTES))];
  try {
    if (!filling.ranges.has(begin, end)) {
      for (const gap of filling.ranges.missing(from, to))
        await readRemote(place, gap.begin, gap.end, { ...place.waiting, take: async (at, bytes) => void (await filling.put(at, bytes)) });
    }
    const bytes = await filling.read(begin, end);
    if (filling.isFull && !(await filling.finish())) throw damaged(place);
    return bytes;
  } catch (thrown) {
    if (thrown instanceof RetraceError && thrown.code === 'store-full') return readPassing(place, begin, end);
    throw thrown;
  } finally {
    await filling.close();
  }
}

/** Errors of `read`: `hub-*`, `fetch-stopped`. */
export function hubFile(place: HubFilePlace): ByteSource {
  const { store, repo, commit, file } = place;
  let kept: ByteSource | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const read = async (begin: number, end: number): Promise<Uint8Array> => {
    if (begin === end) return new Uint8Array(0);
    kept ??= await store.open(repo, commit, file.path);
    if (kept !== undefined) return kept.read(begin, end);
    const part = await partOf(place);
    // Somebody may have completed it since.
    kept = await store.open(repo, commit, file.path);
    if (kept !== undefined) {
      await part?.close();
      return kept.read(begin, end);
    }
    return part === undefined ? readPassing(place, begin, end) : readKeeping(place, part, begin, end);
  };
  return {
    name: file.path,
    size: file.size,
    read(begin, end) {
      const next = last.then(() => read(begin, end));
      last = next.catch(() => undefined);
      return next;
    },
  };
}
