// Files of the hub brought here whole: several ranges at a time, gone on with after a break, each file checked before it counts. Not here: which files
// (needed_files.ts), and who may stop it (hub.ts). Invariant: a stop, a fault or a crash at any moment leaves what came so far, and nothing half-written to be opened.

import type { FetchProgress } from '../protocol/hub.ts';
import { type Rest, requireGoing } from './attempts.ts';
import type { HubClient } from './client.ts';
import { FetchMeter } from './fetch_meter.ts';
import { Filling } from './filling.ts';
import { damaged, type RemoteFile, readRemote } from './remote.ts';
import type { HubFile, RepoId } from './repo.ts';
import type { HubStore, Range } from './store.ts';

/** Connections at a time; browsers open six to one host, and leave some for the page. */
const CONNECTIONS = 4;
const PIECE_BYTES = 8 * 2 ** 20;
/** Attempts in a row that get nowhere: rests of half a second to some thirty, a minute in all. */
const ATTEMPTS = 8;

export interface FetchRequest {
  readonly client: HubClient;
  readonly store: HubStore;
  readonly repo: RepoId;
  readonly commit: string;
  readonly files: readonly HubFile[];
  readonly signal?: AbortSignal | undefined;
  onProgress?(progress: FetchProgress): void;
}

/** One file on its way, whose pieces several workers fetch. */
class FileFetch {
  readonly remote: RemoteFile;
  readonly filling: Filling;
  readonly pieces: Range[];
  left: number;
  /** Set where the server heeds no ranges: one worker then takes the whole file, and the others leave theirs. */
  private wholeBy: Range | undefined;

  constructor(remote: RemoteFile, filling: Filling) {
    this.remote = remote;
    this.filling = filling;
    this.pieces = filling.ranges.missing(0, remote.file.size).flatMap(({ begin, end }) => piecesOf(begin, end));
    this.left = this.pieces.length;
  }

  onWhole(piece: Range): 'all' | 'leave' {
    this.wholeBy ??= piece;
    return this.wholeBy === piece ? 'all' : 'leave';
  }

  /** Whether nobody needs to fetch this piece any more. */
  isDone({ begin, end }: Range): boolean {
    return this.wholeBy !== undefined || this.filling.ranges.has(begin, end);
  }
}

function piecesOf(begin: number, end: number): Range[] {
  const count = Math.ceil((end - begin) / PIECE_BYTES);
  return Array.from({ length: count }, (_, i) => ({ begin: begin + i * PIECE_BYTES, end: Math.min(end, begin + (i + 1) * PIECE_BYTES) }));
}

/** Fetches what is not here. Errors: `hub-*`, `store-full`, `store-closed`, `fetch-stopped`. */
export async function fetchFiles(request: FetchRequest): Promise<void> {
  const { store, repo, commit, files, signal, onProgress } = request;
  const of = files.reduce((sum, { size }) => sum + size, 0);
  const meter = new FetchMeter(repo.id, of, onProgress);
  for (const file of files) {
    requireGoing(signal);
    if ((await store.open(repo, commit, file.path)) !== undefined) {
      meter.here(file.size);
      continue;
    }
    if (!(await fetchOne(request, file, meter)) && !(await fetchOne(request, file, meter)))
      throw damaged({ client: request.client, repo, commit, file });
  }
  meter.end();
}

/** Whether the file came as the hub has it; where it did not, nothing of it is left. */
async function fetchOne({ client, store, repo, commit, signal }: FetchRequest, file: HubFile, meter: FetchMeter): Promise<boolean> {
  const remote: RemoteFile = { client, repo, commit, file };
  const part = await store.part(repo, commit, file, { wait: true, ...(signal ? { signal } : {}) });
  if (part === undefined) throw new Error(`no part of ${file.path}`);
  const filling = new Filling(file, part);
  try {
    // Who held it before may have completed it.
    if ((await store.open(repo, commit, file.path)) !== undefined) {
      meter.here(file.size);
      return true;
    }
    const had = filling.ranges.bytes;
    meter.here(had);
    await fetchPieces(new FileFetch(remote, filling), meter, signal);
    meter.checking();
    const sound = await filling.finish(undefined, signal);
    if (!sound) meter.lost(file.size);
    return sound;
  } finally {
    await filling.close();
  }
}

/** All pieces of a file, several at a time. The first fault ends the others. */
async function fetchPieces(file: FileFetch, meter: FetchMeter, signal: AbortSignal | undefined): Promise<void> {
  const ended = new AbortController();
  const end = () => ended.abort();
  signal?.addEventListener('abort', end, { once: true });
  const queue = [...file.pieces];
  const work = async () => {
    for (let piece = queue.shift(); piece !== undefined; piece = queue.shift()) {
      const range = piece;
      if (file.isDone(range)) continue;
      await readRemote(file.remote, range.begin, range.end, {
        signal: ended.signal,
        attempts: ATTEMPTS,
        onRest: (rest: Rest) => meter.waiting(rest),
        onWhole: () => file.onWhole(range),
        async take(at, bytes) {
          const before = file.filling.ranges.bytes;
          await file.filling.put(at, bytes);
          meter.came(file.filling.ranges.bytes - before);
        },
      });
    }
  };
  const faults: unknown[] = [];
  const guarded = () =>
    work().catch((thrown: unknown) => {
      faults.push(thrown);
      end();
    });
  try {
    await Promise.all(Array.from({ length: Math.min(CONNECTIONS, queue.length) }, guarded));
  } finally {
    signal?.removeEventListener('abort', end);
  }
  requireGoing(signal);
  if (faults.length > 0) throw faults[0];
}
