// What a normalizer is; those that there are stand in normalizers.ts and precompiled.ts.

import type { Work } from './work.ts';

/** A text on its way. */
export interface Draft {
  text: string;
  /** The first character comes from the very beginning of the user's text (Metaspace's `first` asks). */
  head: boolean;
}

export interface Normalizer {
  normalize(draft: Draft, work: Work): void;
  /** True where no character's result depends on what stands beyond a space next to it. */
  readonly local: boolean;
}
