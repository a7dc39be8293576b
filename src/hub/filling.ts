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

  constructor(file: HubFile, part: PartFile) {
    this.#file = file;
    this.#part = part;
    this.ranges = new RangeSet(part.ranges);
  }

  get isFull(): boolean {
    return this.ranges.has(0, this.#file.size);
  }

  async put(at: number, bytes: Uint8Array): Promise<void> {
    await this.#part.write(at, bytes);
    this.ranges.add(at, at + bytes.length);
    this.#unflushed += bytes.length;
    if (this.#unflushed >= FLUSH_BYTES || performance.now() - this.#flushed >= FLUSH_MS) await this.flush();
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

  /** Of a full file: reads it back; where it has the hub's hash it takes its place, else it is removed. Says which. */
  async finish(onChecked?: (bytes: number) => void, signal?: AbortSignal): Promise<boolean> {
    await this.flush();
    const { size, sha256: expected, oid } = this.#file;
    // Git hashes a small file with its length before it.
    const hash = expected === undefined ? sha1.create().update(new TextEncoder().encode(`blob ${size}\0`)) : sha256.create();
    for (let at = 0; at < size; at += PIECE_BYTES) {
      requireGoing(signal);
      const end = Math.min(size, at + PIECE_BYTES);
      hash.update(await this.#part.read(at, end));
      onChecked?.(end);
    }
    const sound = bytesToHex(hash.digest()) === (expected ?? oid);
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
