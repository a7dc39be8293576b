// What people type or paste to name a repository of the hub, as an id and a revision. Pure, and the same for page, command line and worker. Not here: whether
// there can be such a name (src/hub/repo.ts).

export interface RepoName {
  readonly id: string;
  /** Left out where none is named. */
  readonly revision?: string;
}

/** `org/name`, `org/name@revision`, or the address of a page of it on the hub; undefined for nothing. */
export function repoName(text: string): RepoName | undefined {
  const [, address] = /^https?:\/\/[^/]+\/([^?#]*)/.exec(text.trim()) ?? [];
  const plain = (address ?? text.trim()).replace(/^(?:datasets|models)\/(?=.)/, '').replace(/\/+$/, '');
  const [, id = '', page, said] = /^(.*?)(?:\/(?:tree|blob|resolve)\/([^@]+))?(?:@(.+))?$/.exec(plain) ?? [];
  // Of a file's page the file is no part of the revision, unless that is a pull request's.
  const ofPage = (page?.startsWith('refs') ? page : page?.split('/')[0])?.replaceAll('%2F', '/');
  const revision = said ?? ofPage;
  return id === '' ? undefined : { id, ...(revision === undefined ? {} : { revision }) };
}
