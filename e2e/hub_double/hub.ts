// What a running double holds, and a request as its routes see it. Types alone.

import type { DoubleRepo } from './repos.ts';

export interface TokenRights {
  readonly user: string;
  /** Ids of private and gated repositories; those of the user's own name, and what may be written, are always readable. */
  readonly canRead: 'all' | readonly string[];
  /** Everywhere, nowhere, or under these names and ids; nowhere where it is left out. */
  readonly canWrite?: boolean | readonly string[];
}

export interface Hub {
  /** With the prefix. */
  readonly endpoint: string;
  readonly cdn: string;
  readonly datasetsServer: string;
  /** '' or '/hf'. */
  readonly prefix: string;
  readonly tokens: ReadonlyMap<string, TokenRights>;
  /** By `type:id`. */
  readonly repos: Map<string, DoubleRepo>;
  /** New ids by `type:old id`. */
  readonly renamed: Map<string, string>;
  /** Large files by their SHA-256, and whose they are: `type:id`. */
  readonly objects: Map<string, { readonly bytes: Uint8Array; readonly owners: Set<string> }>;
  /** Parts of uploads that are not whole yet, by `type:id:oid:number`. */
  readonly parts: Map<string, Uint8Array>;
  readonly settings: Settings;
}

export interface Settings {
  /** Entries of a listing before it goes on at another address. */
  readonly pageSize: number;
  /** How long the signed address of a large file holds. */
  readonly signedForSeconds: number;
  /** Small files are answered with 307 to /api/resolve-cache on the same host first, as the hub does since 2025. */
  readonly resolveCache: boolean;
  /** Uploads above so many bytes go in parts of `partSize`. */
  readonly multipartAbove: number;
  readonly partSize: number;
}

export interface Asked {
  readonly method: string;
  /** Path and query, without the prefix, as they were sent. */
  readonly url: string;
  /** The path's segments, decoded. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly token: string | undefined;
  body(): Promise<Buffer>;
}
