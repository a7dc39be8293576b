// `npm test`: everything that must hold, fast to slow, on a fresh clone. The last line is `N passed, N failed`; the exit code is 1 when
// anything failed. Options: --only types,lint,unit,page,e2e. A machine without an adapter fails the GPU tests; nothing is skipped.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBrowser } from './browser.mjs';
import { keepsBudget } from './bundle_size.mjs';
import { buildPage, installPackages, ROOT } from './setup.mjs';

const PASSED = { passed: 1, failed: 0 };
const FAILED = { passed: 0, failed: 1 };

/** Each stage gives { passed, failed }. Types, lint and the page's build with its budget count as one test each. */
const STAGES = {
  types: () => verdict(run('node_modules/typescript/bin/tsc', '--noEmit')),
  lint: () => {
    const outcomes = [run('node_modules/@biomejs/biome/bin/biome', 'check', '.'), run('scripts/arrows.mjs')];
    return verdict(outcomes.every((ok) => ok));
  },
  unit: () => vitest('unit'),
  page: async () => {
    await buildPage();
    return verdict(keepsBudget());
  },
  e2e: async () => {
    await buildPage();
    return vitest('e2e', '--config', 'e2e/vitest.config.ts');
  },
};

function verdict(ok) {
  return ok ? PASSED : FAILED;
}

/** Runs one of Node's scripts from the root, its output on ours; true when it ends well. */
function run(script, ...args) {
  return spawnSync(process.execPath, [script, ...args], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

function vitest(name, ...args) {
  const report = join(ROOT, 'node_modules', '.cache', 'retrace', `${name}.json`);
  rmSync(report, { force: true });
  const ok = run('node_modules/vitest/vitest.mjs', 'run', ...args, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`);
  if (!existsSync(report)) return FAILED;
  const { numPassedTests: passed, testResults } = JSON.parse(readFileSync(report, 'utf8'));
  // A file that could not even be loaded has failed without a test to its name; so has a run that failed for a reason of its own.
  const failed = testResults.reduce((sum, { status, assertionResults }) => {
    const tests = assertionResults.filter((test) => test.status !== 'passed').length;
    return sum + (status === 'failed' ? Math.max(tests, 1) : tests);
  }, 0);
  return { passed, failed: ok ? failed : Math.max(failed, 1) };
}

function chosenStages() {
  try {
    const { values } = parseArgs({ options: { only: { type: 'string' } } });
    const names = values.only?.split(',') ?? Object.keys(STAGES);
    const unknown = names.find((name) => !Object.hasOwn(STAGES, name));
    if (unknown !== undefined) throw new Error(`There is no stage '${unknown}'.`);
    return names;
  } catch (error) {
    console.error(`${error.message}\nUsage: npm test -- [--only ${Object.keys(STAGES).join(',')}]`);
    process.exit(2);
  }
}

/** One stage, timed; whatever it throws is said and counts as a failure, so that the last line always comes. */
async function outcomeOf(name, stage) {
  const started = performance.now();
  console.log(`\n== ${name}`);
  const outcome = await Promise.resolve()
    .then(stage)
    .catch((error) => {
      console.error(error.message);
      return FAILED;
    });
  console.log(`== ${name}: ${outcome.passed} passed, ${outcome.failed} failed in ${((performance.now() - started) / 1000).toFixed(0)} s`);
  return outcome;
}

const names = chosenStages();
const total = { passed: 0, failed: 0 };
try {
  installPackages();
  mkdirSync(join(ROOT, 'node_modules', '.cache', 'retrace'), { recursive: true });
  // The same browser serves the page tests and, through the driver beside it, the GPU tests.
  process.env.CHROME_PATH = ensureBrowser();
  for (const name of names) {
    const { passed, failed } = await outcomeOf(name, STAGES[name]);
    total.passed += passed;
    total.failed += failed;
  }
} catch (error) {
  console.error(error.message);
  total.failed += 1;
}
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 ? 0 : 1);
