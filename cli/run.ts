// The command line within a process: which command, with which flags, and its exit code: 0 done, 1 failed, 2 wrong usage, 130 ended by Ctrl-C. How the
// process begins and ends is main.ts's business. Invariant: whatever a command throws is said, and gives a code.

import { RetraceError, reportOf } from '../src/protocol/errors.ts';
import { version } from '../src/session/adapters/version.ts';
import { compare } from './commands/compare.ts';
import { evaluate } from './commands/evaluate.ts';
import { generate } from './commands/generate.ts';
import { hub } from './commands/hub.ts';
import { inspect } from './commands/inspect.ts';
import { merge } from './commands/merge.ts';
import { plan } from './commands/plan.ts';
import { predict } from './commands/predict.ts';
import { profile } from './commands/profile.ts';
import { train } from './commands/train.ts';
import type { Console } from './console.ts';
import { stopped } from './fetching.ts';
import { type CommandName, commandNames, type Given, readFlags, usage } from './flags.ts';
import { commandHelp, overallHelp } from './help.ts';

/** Gives the exit code. */
type Command = (given: Given, console: Console, positionals: readonly string[]) => Promise<number>;

const commands: Readonly<Record<CommandName, Command>> = {
  plan,
  train,
  profile,
  evaluate,
  predict,
  generate,
  merge,
  compare,
  inspect,
  hub,
};

/** Those that are told what to work on without a flag. */
const takesArguments: readonly CommandName[] = ['inspect', 'hub', 'merge'];

/** Errors that lie in the flags, alone or together. */
const usageCodes = [
  'usage',
  'policy-refused',
  'run-config',
  'factor-not-a-power-of-two',
  'length-above-model',
  'max-length-too-small',
  'policy-ranges',
  'frozen-layers',
  'optimizer-off-gpu',
  'target-modules',
  'feedforward-modules',
  'experts',
  'reduction-factor',
  'batch-too-large',
  'budget-too-small',
  'bad-repo-id',
  'bad-endpoint',
  'unknown-form',
  'not-adapter-hub',
  'choices-needed',
];

async function outcomeOf(args: readonly string[], console: Console): Promise<number> {
  const [first, ...rest] = args;
  if (first === '--version') {
    console.result(version);
    return 0;
  }
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    console.result(overallHelp());
    return first === undefined ? 2 : 0;
  }
  const name = commandNames.find((known) => known === first);
  if (name === undefined)
    throw usage(`There is no command '${first}'.`, `Use one of ${commandNames.join(', ')}; see retrace --help.`, first);
  const { given, positionals } = readFlags(name, rest);
  if (given['help'] === true) {
    console.result(commandHelp(name));
    return 0;
  }
  if (!takesArguments.includes(name) && positionals[0] !== undefined) {
    throw usage(`'${positionals[0]}' belongs to no flag.`, `See retrace ${name} --help.`, positionals[0]);
  }
  return commands[name](given, console, positionals);
}

/** Says what was thrown; gives the exit code. */
export function failed(thrown: unknown, console: Console): number {
  const report = reportOf(thrown);
  console.event({ type: 'error', ...report });
  console.error(report);
  if (process.env['RETRACE_DEBUG'] === '1' && thrown instanceof Error) console.say(thrown.stack ?? '');
  if (report.code === 'fetch-stopped') return stopped;
  return thrown instanceof RetraceError && usageCodes.includes(thrown.code) ? 2 : 1;
}

/** Runs `retrace` with these arguments; gives the exit code. */
export const run = (args: readonly string[], console: Console): Promise<number> =>
  outcomeOf(args, console).catch((thrown: unknown) => failed(thrown, console));
