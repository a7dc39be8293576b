// Reads what people type or paste to name a repository of the hub: a name, and a revision where it is not `main`. Pure. It does not check whether the
// name is valid; the worker does.

import { repoName } from '../../../src/protocol/repo_name.ts';

export interface Typed {
  readonly name: string;
  readonly revision?: string;
}

/** `org/name`, `org/name@revision`, or the address of its page; undefined for nothing. */
export function typedRepo(text: string): Typed | undefined {
  const typed = repoName(text);
  if (typed === undefined) return undefined;
  const { id: name, revision = 'main' } = typed;
  return { name, ...(revision === 'main' ? {} : { revision }) };
}

/** `org/name`, or `org/name@revision` where the revision is not `main`. */
export const shownName = ({ name, revision = 'main' }: { readonly name: string; readonly revision?: string | undefined }): string =>
  revision === 'main' ? name : `${name}@${revision}`;
