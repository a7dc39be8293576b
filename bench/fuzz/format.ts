// What a row of the formats that are fuzzed has.

import type { Mutator } from './mutate.ts';

export interface Format {
  readonly name: string;
  samples(): Promise<readonly Uint8Array[]> | readonly Uint8Array[];
  readonly mutate: Mutator;
  /** Error: whatever the file meets. */
  read(bytes: Uint8Array): Promise<unknown>;
}
