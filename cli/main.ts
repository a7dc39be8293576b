// The command line: which command, with which flags, and how the process ends. Exit codes: 0 done, 1 failed, 2 wrong usage.
// Invariant: the process ends by process.exit, for Dawn's threads would keep it alive.

import { RetraceError, reportOf } from '../src/protocol/errors.ts';
import { version } from '../src/session/version.ts';
import { compare } from './commands/compare.ts';
import { evaluate } from './commands/evaluate.ts';
import { hub } from './commands/hub.ts';
import { inspect } from './commands/inspect.ts';
import { plan } from './commands/plan.ts';
import { predict } from './commands/predict.ts';
import { train } from './commands/train.ts';
import { Console } from './console.ts';
import { stopped } from './fetching.ts';
import { type CommandName, commandNames, type Given, readFlags, usage } from './flags.ts';
import { commandHelp, overallHelp } from './help.ts';

/** Gives the exit code. */
type Command = (given: Given, console: Console, positionals: readonly string[]) => Promise<number>;

const commands: Readonly<Record<CommandName, Command>> = { plan, train, evaluate, predict, compare, inspect, hub };

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
  'bad-repo-id',
  'bad-endpoint',
];

async function run(args: readonly string[], console: Console): Promise<number> {
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
  if (name !== 'inspect' && name !== 'hub' && positionals[0] !== undefined) {
    throw usage(`'${positionals[0]}' belongs to no flag.`, `See retrace ${name} --help.`, positionals[0]);
  }
  return commands[name](given, console, positionals);
}

function failed(thrown: unknown, console: Console): number {
  const report = reportOf(thrown);
  console.event({ type: 'error', ...report });
  console.error(report);
  if (process.env['RETRACE_DEBUG'] === '1' && thrown instanceof Error) console.say(thrown.stack ?? '');
  if (report.code === 'fetch-stopped') return stopped;
  return thrown instanceof RetraceError && usageCodes.includes(thrown.code) ? 2 : 1;
}

/** Whoever read stdout has gone: nothing is left to say. */
process.stdout.on('error', () => process.exit(1));

const args = process.argv.slice(2);
const console = new Console(args.includes('--json'));
/** A rejection that nobody waited for: time for the command to end by it in its own way, and an end if it does not. */
const stray = new Promise<never>((_, reject) => {
  process.on('unhandledRejection', (thrown) => setTimeout(() => reject(thrown), 2000));
});
const code = await Promise.race([run(args, console), stray]).catch((thrown: unknown) => failed(thrown, console));
// Pipes may still hold what was written.
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))));
process.exit(code);
