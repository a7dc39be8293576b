// A file that fills up range by range, and is taken for whole only once all of it was read back and has the hub's hash. Not here: where bytes come from
// (remote.ts) and where they lie (store.ts). Invariant: what is said to be here was written before.

import { sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { requireGoing } from './attempts.ts';
import { RangeSet } from './ranges.ts';
import type { HubFile } from './repo.ts';
import type { PartFile } from './store.ts';

/** So much, or so long, may be lost when the tab or the machine dies. */
const FLUSH_BYTES = 16 * 2 ** 20;
const FLUSH_MS = 2000;
const PIECE_BYTES = 4 * 2 ** 20;

export class Filling {
  readonly ranges: RangeSet;
  readonly #part: PartFile;
  readonly #file: HubFile;
  #unflushed = 0;
  #flushed = performance.now();
  readonly #hash;
  /** Bytes from the beginning that the hash has taken in, read back from where they lie: as they come, so that little is left to check at the end. */
  #hashed = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(file: HubFile, part: PartFile) {
    this.#file = file;
    this.#part = part;
    this.ranges = new RangeSet(part.ranges);
    // Git hashes a small file with its length before it.
    const ofGit = () => sha1.create().update(new TextEncoder().encode(`blob ${file.size}\0`));
    this.#hash = file.sha256 === undefined ? ofGit() : sha256.create();
  }

  get isFull(): boolean {
    return this.ranges.has(0, this.#file.size);
  }

  /** Bytes that stand at `at`; of several who put at once each waits for the one before. Gives how many of them were not here yet. */
  put(at: number, bytes: Uint8Array): Promise<number> {
    const next = this.#last.then(() => this.#put(at, bytes));
    this.#last = next.catch(() => undefined);
    return next;
  }

  async #put(at: number, bytes: Uint8Array): Promise<number> {
    let fresh = 0;
    // What is here stays as it is: its hash may have been taken.
    for (const { begin, end } of this.ranges.missing(at, at + bytes.length)) {
      await this.#part.write(begin, bytes.subarray(begin - at, end - at));
      this.ranges.add(begin, end);
      fresh += end - begin;
    }
    this.#unflushed += fresh;
    if (this.#unflushed >= FLUSH_BYTES || performance.now() - this.#flushed >= FLUSH_MS) await this.flush();
    await this.#hashUpTo(this.ranges.missing(0, this.#file.size)[0]?.begin ?? this.#file.size, PIECE_BYTES);
    return fresh;
  }

  /** Takes in what is here up to `end`, as long as there are `least` bytes of it. */
  async #hashUpTo(end: number, least: number): Promise<void> {
    while (end - this.#hashed >= least && this.#hashed < end) {
      const to = Math.min(end, this.#hashed + PIECE_BYTES);
      this.#hash.update(await this.#part.read(this.#hashed, to));
      this.#hashed = to;
    }
  }

  async flush(): Promise<void> {
    if (this.#unflushed === 0) return;
    this.#unflushed = 0;
    this.#flushed = performance.now();
    await this.#part.flush([...this.ranges.list]);
  }

  read(begin: number, end: number): Promise<Uint8Array> {
    return this.#part.read(begin, end);
  }

  /** Of a full file that nobody writes to any more: where it has the hub's hash it takes its place, else it is removed. Says which. */
  async finish(signal?: AbortSignal): Promise<boolean> {
    await this.flush();
    const { size, sha256: expected, oid } = this.#file;
    while (this.#hashed < size) {
      requireGoing(signal);
      await this.#hashUpTo(Math.min(size, this.#hashed + PIECE_BYTES), 0);
    }
    const sound = bytesToHex(this.#hash.digest()) === (expected ?? oid);
    await (sound ? this.#part.finish() : this.#part.discard());
    return sound;
  }

  /** Lets go of it; what came so far stays. */
  async close(): Promise<void> {
    // What can't be made sure of is not said to be here: it comes again.
    await this.flush().catch(() => undefined);
    await this.#part.close();
  }

  discard(): Promise<void> {
    return this.#part.discard();
  }
}
