// Bytes of a file of the hub as they come over the network, gone on with where a connection broke off. Keeps nothing. Invariant: what is handed on is of
// the commit that was asked for, as far as the answers say, and every byte stands where it belongs.

import { RetraceError } from '../protocol/errors.ts';
import type { Answer } from './answer.ts';
import { attempted, PassingError, type Patience } from './attempts.ts';
import { type HubClient, pageInstead } from './client.ts';
import type { HubFile, RepoId } from './repo.ts';

export interface RemoteFile {
  readonly client: HubClient;
  readonly repo: RepoId;
  readonly commit: string;
  readonly file: HubFile;
}

export interface Reading extends Patience {
  /** Takes bytes that stand at `at` in the file, in order; those that came before a break come once. */
  take(at: number, bytes: Uint8Array): Promise<void>;
  /**
   * A server that heeds no ranges sends the whole file from its beginning. Where this says 'all', all of it is taken and to its end; 'leave' ends the
   * reading. Left out: what was not asked for is passed over.
   */
  onWhole?(): 'all' | 'leave';
}

const what = ({ repo, file }: RemoteFile): string => `${repo.id} (${file.path})`;

const changed = (remote: RemoteFile, url: string, message: string): PassingError =>
  new PassingError(
    {
      code: 'hub-changed',
      message: `${what(remote)}: ${message}.`,
      where: url,
      remedy: 'It was changed on the hub meanwhile, or a server between is at fault. Ask for the model anew.',
    },
    { attempts: 3 },
  );

/** Where the answer's body begins in the file. Errors: `hub-changed`, `hub-page`. */
async function bodyBegin(remote: RemoteFile, url: string, { response }: Answer, begin: number): Promise<number> {
  const { headers, status } = response;
  const { size, path } = remote.file;
  const page = headers.get('Content-Type')?.startsWith('text/html') ?? false;
  if (page && status === 200 && !/\.html?$/.test(path)) throw pageInstead(url, what(remote));
  const commit = headers.get('X-Repo-Commit');
  if (commit !== null && commit !== remote.commit) throw changed(remote, url, `the answer is of commit ${commit}, not of ${remote.commit}`);
  if (status === 206) {
    const [, first, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('Content-Range') ?? '') ?? [];
    if (total !== undefined && total !== '*' && Number(total) !== size)
      throw changed(remote, url, `it has ${total} bytes there, ${size} were listed`);
    if (first !== undefined && Number(first) !== begin)
      throw changed(remote, url, `bytes from ${begin} on were asked for, those from ${first} came`);
    return begin;
  }
  const length = headers.get('Content-Encoding') === null ? headers.get('Content-Length') : null;
  if (length !== null && Number(length) !== size) throw changed(remote, url, `it has ${length} bytes there, ${size} were listed`);
  return 0;
}

/** Reads bytes [begin, end); gives false where `onWhole` said to leave it. Errors: `hub-*`, `fetch-stopped`. */
export async function readRemote(
  remote: RemoteFile,
  begin: number,
  end: number,
  { take, onWhole, ...patience }: Reading,
): Promise<boolean> {
  const { client, repo, commit, file } = remote;
  const url = client.fileUrl(repo, commit, file.path);
  let [at, until, before] = [begin, end, begin];
  const progressed = () => {
    const moved = at > before;
    before = at;
    return moved;
  };
  let stayed = true;
  await attempted(
    async () => {
      if (at >= until) return;
      const headers = { Range: `bytes=${at}-${until - 1}` };
      const answer = await client.ask(url, what(remote), { headers }, patience.signal);
      try {
        let position = await bodyBegin(remote, url, answer, at);
        if (answer.response.status !== 206 && file.size > until - begin && onWhole !== undefined) {
          stayed = onWhole() === 'all';
          if (!stayed) return;
          until = file.size;
        }
        for await (const chunk of answer.chunks()) {
          const wanted = chunk.subarray(Math.max(0, at - position), Math.max(0, until - position));
          position += chunk.length;
          if (wanted.length > 0) await take(at, wanted);
          at += wanted.length;
          if (at >= until) return;
        }
        throw new PassingError({
          code: 'hub-broken-off',
          message: `${what(remote)} ended at byte ${position} where ${until} were asked for.`,
          where: url,
          remedy: 'Check the connection, then go on: what came so far is kept.',
        });
      } finally {
        await answer.cancel();
      }
    },
    { ...patience, progressed },
  );
  return stayed;
}

export const damaged = ({ repo, file, client, commit }: RemoteFile): RetraceError =>
  new RetraceError({
    code: 'hub-damaged',
    message: `${repo.id} (${file.path}) came with other bytes than the hub lists: its ${file.sha256 === undefined ? 'Git hash' : 'SHA-256'} is not ${file.sha256 ?? file.oid}.`,
    where: client.fileUrl(repo, commit, file.path),
    remedy:
      'What came was removed. Fetch it again; if it happens again, a server between changes what it passes on: try another network or endpoint.',
  });
