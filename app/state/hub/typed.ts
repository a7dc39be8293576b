// What people type or paste to name something on the hub, as settings keep it: a name, and a revision where it is not the usual one. Pure. Whether there can
// be such a name is the worker's to say.

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

/** The name with its revision behind it, where that is not the usual one. */
export const shownName = ({ name, revision = 'main' }: { readonly name: string; readonly revision?: string | undefined }): string =>
  revision === 'main' ? name : `${name}@${revision}`;
