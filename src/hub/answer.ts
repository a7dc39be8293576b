// One request to the hub and its answer, with faults told apart: what may pass by itself, and what needs a person. Tries nothing again (attempts.ts).
// Invariant: a token goes with a request only where its caller says so, and stands in no error.

import { type ErrorReport, RetraceError } from '../protocol/errors.ts';
import { PassingError, requireGoing } from './attempts.ts';
import type { FetchFile } from './http_source.ts';

export interface Asking {
  readonly fetch: FetchFile;
  readonly signal?: AbortSignal | undefined;
  readonly token?: string | undefined;
  /** What is asked for, as errors call it: "google-bert/bert-base-uncased", with the file's path where it is a file. */
  readonly what: string;
  /** A connection on which nothing comes for so long is given up. */
  readonly stallMs: number;
  /** What a status means here, with what the server says, where it is not what it means to who reads. */
  readonly refused?: Refused | undefined;
}

export type Refused = (status: number, said: string) => ErrorReport | undefined;

export interface Answer {
  readonly response: Response;
  /** The body as it comes. Errors: those that pass, where it breaks off or stalls. */
  chunks(): AsyncIterable<Uint8Array>;
  /** Ends the connection. */
  cancel(): Promise<void>;
}

const messageOf = (thrown: unknown): string => {
  const { message, cause } = thrown instanceof Error ? thrown : { message: String(thrown), cause: undefined };
  return cause instanceof Error && cause.message !== '' ? `${message}: ${cause.message}` : message;
};

const unreachable = (url: string, what: string, why: string): PassingError =>
  new PassingError({
    code: 'hub-unreachable',
    message: `${new URL(url).host} could not be reached for ${what}: ${why}.`,
    where: url,
    remedy:
      'Check the connection, then try again. What came so far is kept. If other pages load, a firewall or the settings of this host may shut it out.',
  });

const brokenOff = (url: string, what: string, why: string): PassingError =>
  new PassingError({
    code: 'hub-broken-off',
    message: `The connection for ${what} broke off: ${why}.`,
    where: url,
    remedy: 'Check the connection, then go on: what came so far is kept.',
  });

/** Sends it and waits for the head of the answer. `url` carries no token. Errors: `hub-*`. */
export async function ask(url: string, { fetch, signal, token, what, stallMs, refused }: Asking, init: RequestInit = {}): Promise<Answer> {
  const ended = new AbortController();
  const end = () => ended.abort();
  signal?.addEventListener('abort', end, { once: true });
  let stall: ReturnType<typeof setTimeout> | undefined;
  let stalled = false;
  const alive = () => {
    clearTimeout(stall);
    stall = setTimeout(() => {
      stalled = true;
      end();
    }, stallMs);
  };
  const over = () => {
    clearTimeout(stall);
    signal?.removeEventListener('abort', end);
  };
  const waited = `nothing came for ${stallMs / 1000} s`;
  alive();
  try {
    const headers = new Headers(init.headers);
    if (token !== undefined) headers.set('Authorization', `Bearer ${token}`);
    // A browser's own cache would give damaged bytes once more, and hold what is kept here twice.
    const response = await fetch(url, { ...init, headers, signal: ended.signal, cache: 'no-store' });
    if (!response.ok) throw await refusal(response, url, what, token !== undefined, refused);
    return {
      response,
      async *chunks() {
        const reader = response.body?.getReader();
        try {
          for (;;) {
            alive();
            const next = await reader?.read();
            if (next === undefined || next.done) return;
            clearTimeout(stall);
            yield next.value;
          }
        } catch (thrown) {
          requireGoing(signal);
          throw thrown instanceof RetraceError ? thrown : brokenOff(url, what, stalled ? waited : messageOf(thrown));
        } finally {
          over();
          await reader?.cancel().catch(() => undefined);
        }
      },
      async cancel() {
        over();
        await response.body?.cancel().catch(() => undefined);
        end();
      },
    };
  } catch (thrown) {
    over();
    requireGoing(signal);
    throw thrown instanceof RetraceError ? thrown : unreachable(url, what, stalled ? waited : messageOf(thrown));
  }
}

/** Whether the hub gave no answer, for whatever reason may pass: what is kept then serves as far as it goes. */
export const isUnanswered = (thrown: unknown): boolean =>
  thrown instanceof RetraceError && ['hub-unreachable', 'hub-offline', 'hub-down', 'hub-busy'].includes(thrown.code);

/** How long a busy server asks to wait: `Retry-After` in seconds or as a date, else the `t` of `RateLimit` (r=0;t=58). */
function askedRest({ headers }: Response): number | undefined {
  const after = headers.get('Retry-After');
  if (after !== null && /^\d+$/.test(after.trim())) return Number(after) * 1000;
  if (after !== null && !Number.isNaN(Date.parse(after))) return Math.max(0, Date.parse(after) - Date.now());
  const reset = /(?:^|;)\s*t=(\d+)/.exec(headers.get('RateLimit') ?? '')?.[1];
  return reset === undefined ? undefined : Number(reset) * 1000;
}

/** What the hub says in words, in one line. */
async function saidIn(response: Response): Promise<string> {
  const header = response.headers.get('X-Error-Message');
  if (header !== null) return header.slice(0, 300);
  const isJson = response.headers.get('Content-Type')?.includes('json') ?? false;
  const body = isJson ? await response.text().catch(() => '') : '';
  if (!isJson) await response.body?.cancel().catch(() => undefined);
  return /"error"\s*:\s*"((?:[^"\\]|\\.){1,300})/.exec(body.slice(0, 2000))?.[1] ?? '';
}

const tokenRemedy =
  'Give an access token of an account that may read it (huggingface.co/settings/tokens): HF_TOKEN on the command line, the field beside the name on the page.';

/** The error of a status. Those of a busy or broken server pass. */
async function refusal(
  response: Response,
  url: string,
  what: string,
  hasToken: boolean,
  refused: Refused | undefined,
): Promise<RetraceError> {
  const { status } = response;
  const code = response.headers.get('X-Error-Code') ?? '';
  const said = await saidIn(response);
  const { host } = new URL(url);
  const words = said === '' ? '' : ` (${said.replace(/[.\s]+$/, '')})`;
  // A redirect's target: its signature runs out, and asking anew gives another.
  const elsewhere = response.url !== '' && new URL(response.url).host !== host;
  if (status === 429 || status === 408 || status >= 500 || (elsewhere && status === 403)) {
    const busy = status === 429;
    return new PassingError(
      {
        code: busy ? 'hub-busy' : 'hub-down',
        message: `${elsewhere ? new URL(response.url).host : host} ${busy ? 'asks for a pause' : 'could not answer'} (status ${status}) for ${what}${words}.`,
        where: url,
        remedy: busy
          ? 'Wait a few minutes and try again; with a token the hub allows more requests. What came so far is kept.'
          : 'The fault is on its side: try again later. What came so far is kept.',
      },
      { restMs: askedRest(response), ...(busy ? { firstRestMs: 5000 } : {}) },
    );
  }
  const own = refused?.(status, said);
  if (own !== undefined) return new RetraceError({ where: url, ...own });
  if (status === 416) {
    const message = `${what} is shorter on ${host} than its listing says (status 416).`;
    const remedy = 'Its revision was changed, or a server between is at fault. Ask for the model anew.';
    return new PassingError({ code: 'hub-changed', message, where: url, remedy }, { attempts: 3 });
  }
  const report = (kind: string, message: string, remedy: string) => new RetraceError({ code: kind, message, where: url, remedy });
  const wrongToken = hasToken ? ' The token that was given does not open it.' : '';
  if (code === 'GatedRepo' || /gated|awaiting a review|restricted/i.test(said)) {
    const [start = '', id = ''] = [url.split(/\/(?:api|resolve)\//)[0], what.split(' ')[0]];
    const page = `on its page (${start.endsWith(id) ? start : `${start}/${id}`})`;
    return report(
      'hub-gated',
      `${what} is gated: its authors ask people to agree to their terms first.${wrongToken}`,
      `Agree to them ${page}. ${tokenRemedy}`,
    );
  }
  if (code === 'RevisionNotFound')
    return report(
      'hub-no-revision',
      `${what}: there is no such revision on ${host}${words}.`,
      'Check the branch, tag or commit behind the @.',
    );
  if (code === 'EntryNotFound')
    return report(
      'hub-no-file',
      `There is no ${what} on ${host}${words}.`,
      'Check the name; the files of a repository stand on its page under Files and versions.',
    );
  // Who gives no token is told of a repository that there is none of as of one that is private.
  const hidden = status === 401 && !hasToken && /invalid username or password/i.test(said);
  if (status === 404 || code === 'RepoNotFound' || hidden)
    return report(
      'hub-not-found',
      `There is no ${what} on ${host}, or it is private.${wrongToken}`,
      `Check the spelling. If it is private: ${tokenRemedy}`,
    );
  if (status === 401 || status === 403)
    return report('hub-private', `${host} does not open ${what} (status ${status})${words}.${wrongToken}`, tokenRemedy);
  return report(
    'hub-status',
    `${host} answered with status ${status} for ${what}${words}.`,
    'Check the address of the hub and the name, then try again.',
  );
}
