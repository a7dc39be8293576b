// What an inspection found.

import type { DataWarning } from '../../src/protocol/messages.ts';

/** One object for programs, a text for people. */
export interface Finding {
  readonly object: { readonly type: string };
  readonly text: string;
  /** What looks wrong; it goes to stderr. */
  readonly warnings?: readonly DataWarning[];
}
