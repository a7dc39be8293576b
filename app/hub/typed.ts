// What people type or paste to name something on the hub, as a name and a revision. Pure. Whether there can be such a name is the worker's to say.

export interface Typed {
  readonly name: string;
  readonly revision?: string;
}

/** `org/name`, `org/name@revision`, or the address of its page; undefined for nothing. */
export function typedRepo(text: string): Typed | undefined {
  const plain = text
    .trim()
    .replace(/^https?:\/\/[^/]+\//, '')
    .replace(/^(?:datasets|models)\/(?=.)/, '')
    .replace(/[?#].*$/, '')
    .replace(/\/+$/, '');
  const [, name = '', ofPage, said] = /^(.*?)(?:\/(?:tree|blob|resolve)\/([^@]+))?(?:@(.+))?$/.exec(plain) ?? [];
  // Of a file's page the file is no part of the revision, unless that is a pull request's.
  const revision = said ?? (ofPage?.startsWith('refs') ? ofPage.replaceAll('%2F', '/') : ofPage?.split('/')[0]);
  if (name === '') return undefined;
  return { name, ...(revision === undefined || revision === 'main' ? {} : { revision }) };
}

/** The name with its revision behind it, where that is not the usual one. */
export const shownName = ({ name, revision = 'main' }: { readonly name: string; readonly revision?: string | undefined }): string =>
  revision === 'main' ? name : `${name}@${revision}`;
