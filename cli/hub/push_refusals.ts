// What the hub's refusals mean to who pushes, said for people. Asks nothing. Invariant: each names the repository and what would change the answer.

import type { Refused } from '../../src/hub/answer.ts';
import { officialEndpoint } from '../../src/hub/client.ts';
import { type ErrorReport, RetraceError } from '../../src/protocol/errors.ts';

export const tokens = (endpoint: string): string => `${endpoint}/settings/tokens`;

const words = (said: string): string => (said === '' ? '' : ` (${said.replace(/[.\s]+$/, '')})`);

/** Error codes begin with `push-`; statuses that mean the same to everyone are left to who asked. */
export const refusedPush =
  (id: string, endpoint: string): Refused =>
  (status, said): ErrorReport | undefined => {
    const report = (code: string, message: string, remedy: string): ErrorReport => ({ code: `push-${code}`, message, remedy });
    if (status === 401) {
      return report(
        'token-refused',
        `The hub does not take the access token${words(said)}: nothing was pushed to ${id}.`,
        `Make a new one with the right to write (${tokens(endpoint)}), and set HF_TOKEN or sign in by \`hf auth login\`.`,
      );
    }
    if ([402, 403, 413, 507].includes(status) && /storage|quota|limit|payment|space/i.test(said)) {
      return report(
        'quota',
        `The hub has no room left for ${id}${words(said)}.`,
        'Free room on the hub, by removing files or repositories there, or push to a public repository, whose limits are wider.',
      );
    }
    if (status === 403) {
      return report(
        'not-allowed',
        `The access token may not write to ${id}${words(said)}.`,
        `Push under a name of your own, or make a token that may write there: ${tokens(endpoint)}.`,
      );
    }
    if (status === 409) {
      return report(
        'in-the-way',
        `Something else is being done to ${id} on the hub, or stands in the way there${words(said)}.`,
        'Wait a minute, look at its page, then push again: what was uploaded is not uploaded twice.',
      );
    }
    if (status === 412) {
      return report(
        'outdated',
        `Somebody else committed to ${id} while this was pushed${words(said)}.`,
        'Push again: it then goes on top of theirs, and their other files stay.',
      );
    }
    if (status === 400 || status === 422) {
      return report(
        'refused',
        `The hub refused what was pushed to ${id} (status ${status})${words(said)}.`,
        'If it speaks of a name, choose another one. Else push again; if it stays so, export the adapter again.',
      );
    }
    return undefined;
  };

export const noToken = (endpoint: string): RetraceError =>
  new RetraceError({
    code: 'push-no-token',
    message: `There is no access token for ${endpoint}, and the hub takes nothing from who is not signed in.`,
    where: 'HF_TOKEN',
    remedy:
      `Make a token with the right to write (${tokens(endpoint)}), then set HF_TOKEN or sign in by \`hf auth login\`.` +
      (endpoint === officialEndpoint ? '' : ' A token goes to the address that HF_ENDPOINT names, not to one that a flag names.'),
  });

export const readToken = (endpoint: string): RetraceError =>
  new RetraceError({
    code: 'push-read-token',
    message: 'The access token may read, but not write.',
    where: 'HF_TOKEN',
    remedy: `Make one with the role Write: ${tokens(endpoint)}.`,
  });

export const notYours = (id: string, names: readonly string[]): RetraceError => {
  const [own = 'you', ...others] = names;
  return new RetraceError({
    code: 'push-not-yours',
    message: `There is no ${id}, and it can't be made by ${own}: '${id.split('/')[0]}' is neither this account nor an organisation that it belongs to.`,
    where: id,
    remedy: `Check the spelling, or push to ${[own, ...others].map((name) => `${name}/${id.split('/')[1]}`).join(' or ')}.`,
  });
};
