// `retrace`, as a process: its arguments, its streams and its end. Commands and exit codes: run.ts.
// Invariant: the process ends by process.exit, for Dawn's threads would keep it alive.

import { Console } from './console.ts';
import { failed, run } from './run.ts';

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
