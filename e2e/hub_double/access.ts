// Who may read and write which repository, and the words in which the hub refuses. Invariant: without a token a private repository is answered as one that is
// not there.

import type { Asked, Hub, TokenRights } from './hub.ts';
import type { DoubleRepo, RepoType } from './repos.ts';
import { type Answer, json, redirect } from './sending.ts';

/** A refusal as the API writes it; on file addresses the words are plain text. */
export function refusal(status: number, code: string | undefined, message: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return json({ error: message }, status, {
    ...(code === undefined ? {} : { 'X-Error-Code': code }),
    'X-Error-Message': message,
    ...headers,
  });
}

/** What is wrong with the token itself. */
export function refusedToken(asked: Asked, hub: Hub): Answer | undefined {
  if (asked.token === undefined || hub.tokens.has(asked.token)) return undefined;
  return refusal(401, undefined, 'Invalid credentials in Authorization header', {
    'WWW-Authenticate': 'Bearer realm="Authentication required"',
  });
}

export const rightsOf = (asked: Asked, hub: Hub): TokenRights | undefined =>
  asked.token === undefined ? undefined : hub.tokens.get(asked.token);

const owns = ({ user }: TokenRights, id: string) => id.startsWith(`${user}/`);

export const canRead = (rights: TokenRights | undefined, id: string): boolean =>
  rights !== undefined && (rights.canRead === 'all' || owns(rights, id) || rights.canRead.includes(id) || canWrite(rights, id));

export function canWrite(rights: TokenRights | undefined, id: string): boolean {
  if (rights === undefined) return false;
  const { canWrite: may = false } = rights;
  return typeof may === 'boolean' ? may : may.includes(id) || may.includes(id.split('/')[0] ?? '');
}

/** The repository, or why it can't be seen: it has moved, is not there, or is private. */
export function findRepo(asked: Asked, hub: Hub, type: RepoType, id: string): DoubleRepo | Answer {
  const repo = hub.repos.get(`${type}:${id}`);
  const rights = rightsOf(asked, hub);
  if (repo !== undefined && (repo.facts.private !== true || canRead(rights, id))) return repo;
  const moved = hub.renamed.get(`${type}:${id}`);
  if (moved !== undefined) return redirect(307, hub.prefix + asked.url.replace(id, moved));
  // The hub doesn't tell who is not logged in whether there is such a repository.
  if (rights === undefined)
    return refusal(401, undefined, 'Invalid username or password.', { 'WWW-Authenticate': 'Bearer realm="Authentication required"' });
  return refusal(404, 'RepoNotFound', 'Repository not found');
}

/** Why the files of a gated repository are not given; its listing is open to all. */
export function refusedGate(asked: Asked, hub: Hub, { id, type, facts }: DoubleRepo): Answer | undefined {
  const rights = rightsOf(asked, hub);
  if (facts.gated === undefined || canRead(rights, id)) return undefined;
  return rights === undefined
    ? refusal(
        401,
        'GatedRepo',
        `Access to ${type} ${id} is restricted. You must have access to it and be authenticated to access it. Please log in.`,
      )
    : refusal(
        403,
        'GatedRepo',
        `Access to ${type} ${id} is restricted and you are not in the authorized list. Visit ${hub.endpoint}/${id} to ask for access.`,
      );
}

/** Why nothing may be written. */
export function refusedWrite(asked: Asked, hub: Hub, id: string): Answer | undefined {
  const rights = rightsOf(asked, hub);
  if (rights === undefined) return refusal(401, undefined, 'Invalid username or password.');
  return canWrite(rights, id)
    ? undefined
    : refusal(403, undefined, `You don't have the rights to write to ${id}: your token lacks the permission to write.`);
}

export const isAnswer = (value: object): value is Answer => 'status' in value;
