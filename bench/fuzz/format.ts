// What a row of the formats that are fuzzed has, and what rows share.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Mutator } from './mutate.ts';

export interface Format {
  readonly name: string;
  samples(): Promise<readonly Uint8Array[]> | readonly Uint8Array[];
  readonly mutate: Mutator;
  /** Error: whatever the file meets. */
  read(bytes: Uint8Array): Promise<unknown>;
}

/** Of the repository. */
export const root = fileURLToPath(new URL('../../', import.meta.url));
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
export const fileAt = (path: string): Uint8Array => Uint8Array.from(readFileSync(path));
export const blobOf = (bytes: Uint8Array): Blob => new Blob([Uint8Array.from(bytes)]);
