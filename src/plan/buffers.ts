// What a plan is made of: buffers to allocate and places in them.

import type { CategoryBytes } from '../protocol/config.ts';

export interface BufferSpec {
  readonly label: string;
  readonly bytes: number;
  readonly usage: 'storage' | 'uniform' | 'readback';
  readonly categories: Readonly<Partial<CategoryBytes>>;
}

export interface Placement {
  readonly buffer: number;
  readonly offset: number;
  readonly bytes: number;
}
