// What to do when a plan does not fit: the cheapest changes first (those that change no result), each with the bytes that it saves, computed by
// planning it.

import { methods } from '../methods/registry.ts';
import { RetraceError } from '../protocol/errors.ts';
import { type ProgramSetup, planPrograms } from '../train/programs.ts';

interface Change {
  readonly what: string;
  readonly setup: ProgramSetup;
}

const most = 3;

/** In order of what they cost the user: time, then shape, then method. */
function changesOf(setup: ProgramSetup): Change[] {
  const { method, ranges, batch_size, lengths, options } = setup;
  const layers = ranges.at(-1)?.to ?? 0;
  const changes: Change[] = [];
  for (const policy of ['reversible', 'checkpoint'] as const) {
    if (method.refuses(policy) || ranges.every((range) => range.policy === policy)) continue;
    changes.push({
      what: `the memory policy ${policy} (same result, more time)`,
      setup: { ...setup, ranges: [{ from: 0, to: layers, policy }] },
    });
  }
  if (batch_size > 1) {
    const half = Math.floor(batch_size / 2);
    changes.push({
      what: `batch_size ${half} with twice the gradient_accumulation_steps (same result)`,
      setup: { ...setup, batch_size: half },
    });
  }
  const longest = Math.max(...lengths);
  if (longest > 16) {
    const shorter = Math.ceil(longest / 2 / 8) * 8;
    const kept = [...new Set(lengths.map((length) => Math.min(length, shorter)))];
    changes.push({ what: `max_length ${shorter} (longer texts are cut)`, setup: { ...setup, lengths: kept } });
  }
  for (const other of methods.filter((candidate) => candidate.defaultPolicy === 'reversible' && candidate !== method)) {
    changes.push({
      what: `the method ${other.name}`,
      setup: {
        ...setup,
        method: other,
        options: { ...options, ...other.options(options.streams) },
        ranges: [{ from: 0, to: layers, policy: 'reversible' }],
      },
    });
  }
  return changes;
}

/** The three cheapest changes that save memory, as one sentence. */
export function remediesFor(setup: ProgramSetup, total: number): string {
  const saving = changesOf(setup)
    .map(({ what, setup: changed }) => ({ what, saved: total - planPrograms(changed).plan.total }))
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
