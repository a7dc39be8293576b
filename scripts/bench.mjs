// Runs a measurement of bench/: `node scripts/bench.mjs NAME [--json] [OF...]`. bench/NAME.ts exports `run(json, of)`, which writes its result to
// stdout, for people or as one JSON object; some take names of what is to be measured. Files without a `run` are what measurements share. Not a test:
// it fails on no machine for being slow.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './setup.mjs';
import { loadSource } from './sources.mjs';

const folder = join(ROOT, 'bench');
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && /^export async function run\(/m.test(readFileSync(join(folder, file), 'utf8')))
  .map((file) => file.replace(/\.ts$/, ''));

function usage(why) {
  console.error(`${why}Usage: node scripts/bench.mjs NAME [--json] [OF...]\nNAME is one of: ${names.join(', ')}`);
  process.exit(2);
}

const [name, ...rest] = process.argv.slice(2);
const flags = rest.filter((word) => word.startsWith('--'));
const of = rest.filter((word) => !word.startsWith('--'));
const unknown = flags.find((flag) => flag !== '--json');
if (!names.includes(name)) usage(name === undefined ? '' : `There is no measurement '${name}'.\n`);
if (unknown !== undefined) usage(`There is no flag '${unknown}'.\n`);

const { run } = await loadSource(`/bench/${name}.ts`);
if (of.length > 0 && run.length < 2) usage(`'${name}' measures the same always: '${of[0]}' means nothing to it.\n`);
try {
  await run(flags.includes('--json'), of);
} catch (error) {
  // What Retrace refuses says what to do; anything else is a fault of the measurement.
  console.error(error.remedy === undefined ? error : `${error.message}\n${error.remedy}`);
  process.exit(1);
}
// Dawn's threads keep the event loop alive.
process.exit(0);
