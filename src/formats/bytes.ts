// Where bytes come from, seen by every reader of files: a name, a size, and ranges on demand. Not a cache and not a stream.
// Invariant: `read` returns exactly end - begin bytes in a buffer of their own (byteOffset 0), so that any typed view on them is aligned.

export interface ByteSource {
  /** Path or name that error messages show. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** The bytes [begin, end); both within [0, size]. */
  read(begin: number, end: number): Promise<Uint8Array>;
}

/** Bytes that are in memory already. */
export function bytesOf(name: string, bytes: Uint8Array): ByteSource {
  return { name, size: bytes.length, read: (begin, end) => Promise.resolve(bytes.slice(begin, end)) };
}
