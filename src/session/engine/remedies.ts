// What to do when a plan does not fit: the cheapest changes first (those that change no result), each with the bytes that it saves, computed by
// planning it.

import { methods, resolveOptions } from '../../methods/registry.ts';
import type { PolicyName } from '../../protocol/config.ts';
import { RetraceError } from '../../protocol/errors.ts';
import { longestOf } from '../../protocol/lengths.ts';
import { type ProgramSetup, planPrograms } from '../../train/programs.ts';
import { stackOf } from '../../train/stacks.ts';

interface Change {
  readonly what: string;
  readonly setup: ProgramSetup;
}

const most = 3;

/** What a memory policy costs beside time: nothing, but where float streams are undone. */
const costOf = (policy: PolicyName, setup: ProgramSetup): string =>
  policy === 'reversible' && setup.method.wire(setup.backbone, setup.options).streams === 'float'
    ? 'more time, and float streams round where they are undone'
    : 'same result, more time';

/** In order of what they cost the user: time alone, then another batch or length, then another method. */
function changesOf(setup: ProgramSetup): Change[] {
  const { method, ranges, batch_size, rows_per_example = 1, buckets, options } = setup;
  const changes: Change[] = [];
  for (const policy of ['reversible', 'checkpoint'] as const) {
    if (method.refuses(policy) || ranges.every((range) => range.policy === policy)) continue;
    changes.push({
      what: `the memory policy ${policy} (${costOf(policy, setup)})`,
      setup: { ...setup, ranges: [{ ...stackOf(setup), policy }] },
    });
  }
  const slice = batch_size / rows_per_example;
  const sliceable = method.wire(setup.backbone, options).wholeBatch !== 'always';
  if (slice > 1) {
    const half = Math.floor(slice / 2);
    const smaller = { ...setup, batch_size: half * rows_per_example };
    if (sliceable) {
      changes.unshift({
        what: `micro_batch_size ${half} (same result, smaller matrix products)`,
        setup: { ...smaller, step_batch_size: setup.step_batch_size ?? slice },
      });
    } else {
      changes.push({
        what: `batch_size ${half} with twice the gradient_accumulation_steps (${slice % 2 ? 'one example fewer' : 'as many examples'} in each step)`,
        setup: { ...smaller, step_batch_size: half },
      });
    }
  }
  const longest = longestOf(buckets);
  if (longest > 16) {
    const shorter = Math.ceil(longest / 2 / 8) * 8;
    const kept = buckets
      .filter(({ length }, i) => length <= shorter || i === 0)
      .map((bucket) => ({ ...bucket, length: Math.min(bucket.length, shorter) }));
    changes.push({ what: `max_length ${shorter} (longer texts are cut)`, setup: { ...setup, buckets: kept } });
  }
  const { streams, frozen_layers } = options;
  for (const other of methods.filter((candidate) => candidate.defaultPolicy === 'reversible' && candidate !== method)) {
    const changed = { ...setup, method: other, options: resolveOptions(other, { streams, frozen_layers }, setup.backbone.defaults) };
    changes.push({ what: `the method ${other.name}`, setup: { ...changed, ranges: [{ ...stackOf(changed), policy: 'reversible' }] } });
  }
  return changes;
}

/** What a change saves of `total`, or nothing where it can't be planned: what is no way out is no remedy. */
function savedBy(changed: ProgramSetup, total: number): number {
  try {
    return total - planPrograms(changed).plan.total;
  } catch (thrown) {
    if (thrown instanceof RetraceError) return 0;
    throw thrown;
  }
}

/** The three cheapest changes that save memory, as one sentence. */
export function remediesFor(setup: ProgramSetup, total: number): string {
  const saving = changesOf(setup)
    .map(({ what, setup: changed }) => ({ what, saved: savedBy(changed, total) }))
    .filter(({ saved }) => saved > 0)
    .slice(0, most)
    .map(({ what, saved }) => `${what}: saves ${saved} bytes`);
  return saving.length > 0
    ? `Cheapest first: ${saving.join('; ')}.`
    : 'Nothing smaller is left to try with this model: choose a smaller one.';
}

/** The error of a plan that the device cannot hold, with the remedies that would help; any other error as it is. */
export const withRemedies = (error: unknown, setup: ProgramSetup, total: number): unknown =>
  error instanceof RetraceError && (error.code === 'plan-above-limits' || error.code === 'out-of-memory')
    ? new RetraceError({ ...error.toReport(), remedy: remediesFor(setup, total) })
    : error;
