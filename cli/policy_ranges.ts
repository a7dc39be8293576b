// --ranges: layers under policies of their own, as text. What layers there are is known to the session.

import { type MemorySettings, policyNames } from '../src/protocol/config.ts';
import { usage } from './flags.ts';

export type PolicyRanges = NonNullable<MemorySettings['ranges']>;

const form = 'Write FROM-TO:POLICY, several with commas, such as 0-8:reversible,8-12:store; FROM-TO:POLICY/N for N layers a segment.';

/** `0-8:reversible,8-12:checkpoint/2`. Error: `usage`. */
export function parseRanges(ranges: readonly string[]): PolicyRanges {
  return ranges.map((range) => {
    const [, from, to, name, every] = /^(\d+)-(\d+):([a-z]+)(?:\/(\d+))?$/.exec(range) ?? [];
    const policy = policyNames.find((known) => known === name);
    if (name !== undefined && policy === undefined)
      throw usage(`--ranges names the policy '${name}'; known are ${policyNames.join(', ')}.`, form, '--ranges');
    if (policy === undefined) throw usage(`--ranges has '${range}', which is not a range of layers with a policy.`, form, '--ranges');
    if (every !== undefined && (policy === 'store' || Number(every) < 1))
      throw usage(
        `--ranges has '${range}': ${policy === 'store' ? 'store has no segments' : 'a segment has at least one layer'}.`,
        form,
        '--ranges',
      );
    return { from: Number(from), to: Number(to), policy, ...(every === undefined ? {} : { every: Number(every) }) };
  });
}
