// Adapters by id: which files of a repository an adapter is made of, whoever wrote it, and these brought here whole. Reads none of them (src/formats).
// Invariant: what lies beside an adapter, checkpoints of its training or whole models, is not fetched.

import { tensorFiles } from '../formats/exported.ts';
import { RetraceError } from '../protocol/errors.ts';
import { isUnanswered } from './answer.ts';
import type { FetchOptions, Hub, OpenRepo } from './hub.ts';
import { adapterFiles, holdsTensors } from './needed_files.ts';
import { type RepoRef, shownRepo } from './repo.ts';

/** What an adapter may weigh; a whole model trained is one too. */
export const mostAdapterBytes = 2 ** 30;

export interface FetchedAdapter {
  readonly commit: string;
  /** Contents by path. */
  readonly files: Map<string, Uint8Array>;
}

/** The listing: Python fetches two files of an adapter's and leaves the rest, so what is kept is not known to be all. */
async function listed(hub: Hub, ref: RepoRef, signal: AbortSignal | undefined): Promise<OpenRepo> {
  const repo = await hub.open(ref, { signal });
  if (repo.info !== undefined) return repo;
  const kept = await hub.store.snapshot(repo, repo.commit);
  if (kept !== undefined) return { ...repo, files: kept.files };
  return hub.refresh(ref, { signal }).catch((thrown: unknown) => {
    // Without a connection what is here serves, if it is enough.
    if (isUnanswered(thrown)) return repo;
    throw thrown;
  });
}

/** An adapter's files, fetched where they are not here. Errors: `not-an-adapter`, `adapter-too-large`, `hub-*`, `store-*`, `fetch-stopped`. */
export async function fetchAdapter(hub: Hub, ref: RepoRef, options: FetchOptions = {}): Promise<FetchedAdapter> {
  const repo = await listed(hub, ref, options.signal);
  const paths = adapterFiles(repo.files.map(({ path }) => path));
  const where = `${hub.client.endpoint}/${repo.id}`;
  if (!paths.some(holdsTensors)) {
    throw new RetraceError({
      code: 'not-an-adapter',
      message: `${shownRepo(ref)} holds no adapter: none of ${tensorFiles.join(', ')} is in it.`,
      where,
      remedy: 'Give the id of an adapter. A whole model is given as the model, not as the adapter.',
    });
  }
  const files = repo.files.filter(({ path }) => paths.includes(path));
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (bytes > mostAdapterBytes) {
    throw new RetraceError({
      code: 'adapter-too-large',
      message: `The adapter's files in ${shownRepo(ref)} have ${bytes} bytes; at most ${mostAdapterBytes} are read.`,
      where,
      remedy: 'Give the id of one adapter, without other models.',
    });
  }
  await hub.bring(repo, files, options);
  const contents = new Map<string, Uint8Array>();
  for (const { path } of files) {
    const source = await hub.store.open(repo, repo.commit, path);
    if (source === undefined) throw new Error(`${path} was fetched and is not kept`);
    contents.set(path, await source.read(0, source.size));
  }
  return { commit: repo.commit, files: contents };
}
