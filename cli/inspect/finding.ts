// What an inspection found.

/** One object for programs, a text for people. */
export interface Finding {
  readonly object: { readonly type: string };
  readonly text: string;
}
