// A file of a repository as the hub holds it: its bytes by ranges, git's id of it, and for a large one (LFS) the SHA-256 and the pointer that git keeps in its
// place. Not here: which files belong together. Invariant: hashes are worked out when they are first asked for, so a file of 2 GB costs nothing until then.

import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A file that need not be in memory. */
export interface SparseFile {
  readonly size: number;
  /** Hexadecimal; worked out from the bytes where it is left out. */
  readonly sha256?: string;
  /** Bytes [begin, end). */
  read(begin: number, end: number): Uint8Array;
}

export type FileContent = Uint8Array | string | SparseFile;

export interface StoredFile {
  readonly path: string;
  readonly size: number;
  read(begin: number, end: number): Uint8Array;
  /** Git's SHA-1: of the file, or of the pointer of a large one. */
  readonly oid: string;
  /** Left out where git holds the file itself. */
  readonly lfs?: { readonly sha256: string; readonly pointerSize: number };
}

const CHUNK = 1 << 20;
const LARGE = 1 << 20;
const LARGE_KINDS = /\.(?:safetensors|bin|parquet|h5|onnx)$/;

export const usuallyLfs = (path: string, size: number): boolean => LARGE_KINDS.test(path) || size > LARGE;

/** The hash of a file read in pieces, after a beginning of git's. */
function hashOf(algorithm: 'sha1' | 'sha256', { size, read }: SparseFile, beginning = ''): string {
  const hash = createHash(algorithm).update(beginning);
  for (let begin = 0; begin < size; begin += CHUNK) hash.update(read(begin, Math.min(begin + CHUNK, size)));
  return hash.digest('hex');
}

export function sourceOf(content: FileContent): SparseFile {
  if (typeof content !== 'string' && !(content instanceof Uint8Array)) return content;
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return { size: bytes.length, read: (begin, end) => bytes.subarray(begin, end) };
}

export const wholeFile = ({ size, read }: Pick<StoredFile, 'size' | 'read'>): Uint8Array => read(0, size);

export function storedFile(path: string, content: FileContent, isLfs: (path: string, size: number) => boolean = usuallyLfs): StoredFile {
  const source = sourceOf(content);
  const { size } = source;
  const read = (begin: number, end: number) => source.read(begin, end);
  // Git's empty file is never a large one: storage refuses to take nothing.
  if (size === 0 || !isLfs(path, size)) {
    let oid: string | undefined;
    return {
      path,
      size,
      read,
      get oid() {
        oid ??= hashOf('sha1', source, `blob ${size}\0`);
        return oid;
      },
    };
  }
  let known: { oid: string; lfs: { sha256: string; pointerSize: number } } | undefined;
  const pointed = () => {
    if (known === undefined) {
      const sha256 = source.sha256 ?? hashOf('sha256', source);
      const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${size}\n`;
      known = { oid: hashOf('sha1', sourceOf(pointer), `blob ${pointer.length}\0`), lfs: { sha256, pointerSize: pointer.length } };
    }
    return known;
  };
  return {
    path,
    size,
    read,
    get oid() {
      return pointed().oid;
    },
    get lfs() {
      return pointed().lfs;
    },
  };
}

/** A file of any size that takes no memory: what it begins with, then zeros. Give `sha256`, or the first listing reads it all (a second a gigabyte). */
export const sparseFile = (size: number, beginning: Uint8Array, sha256?: string): SparseFile => ({
  size,
  ...(sha256 === undefined ? {} : { sha256 }),
  read(begin, end) {
    const bytes = new Uint8Array(end - begin);
    if (begin < beginning.length) bytes.set(beginning.subarray(begin, end));
    return bytes;
  },
});

/** The same, drawn where it is read: `at(i)` is byte i. */
export const drawnFile = (size: number, at: (position: number) => number, sha256?: string): SparseFile => ({
  size,
  ...(sha256 === undefined ? {} : { sha256 }),
  read: (begin, end) => Uint8Array.from({ length: end - begin }, (_, i) => at(begin + i)),
});

/** A file on disk, opened anew for each read, so that nobody has to close it. */
export function diskFile(path: string): SparseFile {
  return {
    size: statSync(path).size,
    read(begin, end) {
      const bytes = new Uint8Array(end - begin);
      const file = openSync(path, 'r');
      try {
        for (let done = 0; done < bytes.length; ) {
          const got = readSync(file, bytes, done, bytes.length - done, begin + done);
          if (got === 0) throw new Error(`${path} ended at byte ${begin + done} while it was served.`);
          done += got;
        }
      } finally {
        closeSync(file);
      }
      return bytes;
    },
  };
}

/** All files under a folder, by their path from it. */
export function filesUnder(folder: string, under = ''): Record<string, SparseFile> {
  return Object.fromEntries(
    readdirSync(join(folder, under), { withFileTypes: true }).flatMap((entry): [string, SparseFile][] => {
      const path = under === '' ? entry.name : `${under}/${entry.name}`;
      if (entry.isDirectory()) return entry.name === '.git' ? [] : Object.entries(filesUnder(folder, path));
      return [[path, diskFile(join(folder, path))]];
    }),
  );
}
