// The hub as a command reaches it: the endpoint by flag or environment, Python's token, the cache folder that Python has too.
// Invariant: the environment's token goes to the environment's endpoint; one that a flag names, and a line may have been copied, gets none.

import { type ClientOptions, officialEndpoint, parseEndpoint } from '../../src/hub/client.ts';
import { Hub } from '../../src/hub/hub.ts';
import { RetraceError } from '../../src/protocol/errors.ts';
import type { Given } from '../flags.ts';
import { hubCache } from './cache.ts';
import { cacheFolder, datasetsServerIn, endpointIn, isOffline, tokenIn } from './environment.ts';

const hubs = new WeakMap<Given, Hub>();

/** One for all that a command does, so that nothing is asked for twice. Error: `bad-endpoint`, of the flag's. */
export function hubOf(given: Given = {}): Hub {
  const known = hubs.get(given);
  if (known !== undefined) return known;
  const named = given['hub-endpoint'];
  const hub = new Hub({ store: hubCache(cacheFolder()), ...asked(typeof named === 'string' ? parseEndpoint(named) : undefined) });
  hubs.set(given, hub);
  return hub;
}

/** Where to ask, and with what. What is wrong with the environment hinders only who asks: most commands ask for nothing. */
function asked(named: string | undefined): ClientOptions {
  if (isOffline()) return { endpoint: named, offline: 'HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE says that nothing may be asked for' };
  try {
    const usual = parseEndpoint(endpointIn() ?? officialEndpoint);
    const datasetsServer = datasetsServerIn();
    return {
      endpoint: named ?? usual,
      ...(datasetsServer === undefined ? {} : { datasetsServer: parseEndpoint(datasetsServer) }),
      token: named === undefined || named === usual ? tokenIn() : undefined,
    };
  } catch (thrown) {
    if (!(thrown instanceof RetraceError)) throw thrown;
    return { endpoint: named, offline: `the environment keeps it from being asked for: ${thrown.message.replace(/\.$/, '')}` };
  }
}
