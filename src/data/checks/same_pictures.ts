// Which pictures are the same, byte for byte. Not here: pictures that only look the same. Invariant: a file whose size no other has is not read, and no more than
// a few are held at a time.

import { bytesToHex } from '@noble/hashes/utils.js';
import type { PictureFile } from '../pictures/picture.ts';

/** Pictures that are read at a time. */
const AT_A_TIME = 4;

export interface SameOptions {
  readonly signal?: AbortSignal | undefined;
  /** Pictures that were read, of those that have to be. */
  onProgress?(done: number, of: number): void;
}

async function digestOf(picture: PictureFile): Promise<string> {
  const bytes = await (await picture.blob()).arrayBuffer();
  return bytesToHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

/** For each picture the place of the first that is the same: its own, where none before it is. Errors: those of reading. */
export async function samePictures(pictures: readonly PictureFile[], { signal, onProgress }: SameOptions = {}): Promise<Uint32Array> {
  const first = Uint32Array.from(pictures, (_, i) => i);
  const ofSize = new Map<number, number>();
  for (const { size } of pictures) ofSize.set(size, (ofSize.get(size) ?? 0) + 1);
  const read = [...pictures.keys()].filter((i) => (ofSize.get(pictures[i]?.size ?? 0) ?? 0) > 1);
  const met = new Map<string, number>();
  for (let at = 0; at < read.length; at += AT_A_TIME) {
    signal?.throwIfAborted();
    const some = read.slice(at, at + AT_A_TIME);
    const digests = await Promise.all(some.flatMap((i) => pictures[i] ?? []).map(digestOf));
    for (const [k, i] of some.entries()) {
      const digest = digests[k] ?? '';
      const before = met.get(digest);
      if (before === undefined) met.set(digest, i);
      else first[i] = before;
    }
    onProgress?.(Math.min(read.length, at + AT_A_TIME), read.length);
  }
  return first;
}
