// SHA-256 of a file piece by piece, for weights that never lie in memory whole (WebCrypto's digest wants all bytes at once).
// Invariant: at most one piece is held.

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { ByteSource } from '../formats/bytes.ts';

const PIECE_BYTES = 4 * 2 ** 20;

/** Hexadecimal SHA-256 of the whole file; `onProgress` hears the bytes done after each piece. */
export async function sha256Of(source: ByteSource, onProgress?: (bytes: number) => void): Promise<string> {
  const hash = sha256.create();
  for (let at = 0; at < source.size; at += PIECE_BYTES) {
    const end = Math.min(at + PIECE_BYTES, source.size);
    hash.update(await source.read(at, end));
    onProgress?.(end);
  }
  return bytesToHex(hash.digest());
}
