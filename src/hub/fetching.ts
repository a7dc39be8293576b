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
  /** Set where the server heeds no ranges: one worker then takes the whole file, and the others leave theirs. */
  private wholeBy: Range | undefined;

  constructor(remote: RemoteFile, filling: Filling) {
    this.remote = remote;
    this.filling = filling;
    this.pieces = filling.ranges.missing(0, remote.file.size).flatMap(({ begin, end }) => piecesOf(begin, end));
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

/** Fetches what is not here, the smallest first. Errors: `hub-*`, `store-full`, `store-closed`, `fetch-stopped`. */
export async function fetchFiles(request: FetchRequest): Promise<void> {
  const { store, repo, commit, signal, onProgress } = request;
  const files = request.files.toSorted((a, b) => a.size - b.size);
  const of = files.reduce((sum, { size }) => sum + size, 0);
  const meter = new FetchMeter(repo.id, of, onProgress);
  const bring = async (file: HubFile): Promise<void> => {
    requireGoing(signal);
    if ((await store.open(repo, commit, file.path)) !== undefined) return meter.here(file.size);
    if (!(await fetchOne(request, file, meter)) && !(await fetchOne(request, file, meter)))
      throw damaged({ client: request.client, repo, commit, file });
  };
  // Small files side by side, for most of their time is waiting; large ones one after another, each over all connections.
  await besides(
    files.filter(({ size }) => size <= PIECE_BYTES),
    CONNECTIONS,
    bring,
  );
  for (const file of files.filter(({ size }) => size > PIECE_BYTES)) await bring(file);
  meter.end();
}

/** Does it for all, so many at a time; the first fault leaves what has not begun, and is thrown once what has begun is over. */
async function besides<T>(all: readonly T[], count: number, work: (one: T) => Promise<void>): Promise<void> {
  const queue = [...all];
  const faults: unknown[] = [];
  const lane = async () => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      await work(one).catch((thrown: unknown) => {
        faults.push(thrown);
        queue.length = 0;
      });
    }
  };
  await Promise.all(Array.from({ length: count }, lane));
  if (faults.length > 0) throw faults[0];
}

/** Whether the file came as the hub has it; where it did not, nothing of it is left. */
async function fetchOne({ client, store, repo, commit, signal }: FetchRequest, file: HubFile, meter: FetchMeter): Promise<boolean> {
  const remote: RemoteFile = { client, repo, commit, file };
  const part = await soleHold(remote, store, meter, signal);
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
    const sound = await filling.finish(signal);
    if (!sound) meter.lost(file.size);
    return sound;
  } finally {
    await filling.close();
  }
}

/** The part of a file, waited for where another tab or program fetches it. */
async function soleHold({ repo, commit, file }: RemoteFile, store: HubStore, meter: FetchMeter, signal: AbortSignal | undefined) {
  const free = await store.part(repo, commit, file);
  if (free !== undefined) return free;
  const message = `${file.path} is being fetched by another tab or program; what comes there is used here.`;
  meter.waiting({ why: { code: 'fetched-elsewhere', message, where: file.path } });
  const part = await store.part(repo, commit, file, { wait: true, ...(signal ? { signal } : {}) });
  if (part === undefined) throw new Error(`no part of ${file.path}`);
  return part;
}

/** All pieces of a file, several at a time. The first fault ends the others. */
async function fetchPieces(file: FileFetch, meter: FetchMeter, signal: AbortSignal | undefined): Promise<void> {
  const ended = new AbortController();
  const end = () => ended.abort();
  signal?.addEventListener('abort', end, { once: true });
  const fetchPiece = async (piece: Range): Promise<void> => {
    if (file.isDone(piece)) return;
    await readRemote(file.remote, piece.begin, piece.end, {
      signal: ended.signal,
      attempts: ATTEMPTS,
      onRest: (rest: Rest) => meter.waiting(rest),
      onWhole: () => file.onWhole(piece),
      take: async (at, bytes) => meter.came(await file.filling.put(at, bytes)),
    }).catch((thrown: unknown) => {
      end();
      throw thrown;
    });
  };
  try {
    await besides(file.pieces, CONNECTIONS, fetchPiece);
  } finally {
    signal?.removeEventListener('abort', end);
    requireGoing(signal);
  }
}
