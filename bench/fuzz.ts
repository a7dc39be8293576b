// Damaged files by the thousand, each read in a process of its own kind with a bound on time and memory: `node scripts/bench.mjs fuzz [FORMAT...]
// [COUNT] [SEED]`, all formats and 100,000 of each by default. Whatever is neither taken nor refused with a remedy is a finding, and its bytes are kept.

import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tableText } from '../cli/format.ts';
import { bytesOf, type Finding } from './fuzz/case.ts';
import { formatNamed, formats } from './fuzz/formats.ts';

/** A case that takes longer hangs. */
const SECONDS = 20;
/** Loading the sources, beside whatever else the machine does. */
const STARTING_SECONDS = 600;
/** Of a process with all its modules; it takes some 300 before the first case. */
const MEGABYTES = 1200;
const HEAP_MEGABYTES = 1024;
const shownFindings = 20;

interface Told {
  readonly ready?: boolean;
  readonly done?: boolean;
  /** Why it can make no case. */
  readonly broken?: string;
  readonly index?: number;
  readonly code?: string;
  readonly fault?: string;
  readonly ms?: number;
  readonly megabytes?: number;
}

interface Tally {
  readonly name: string;
  cases: number;
  taken: number;
  readonly codes: Map<string, number>;
  readonly findings: Finding[];
  slowestMs: number;
  megabytes: number;
}

const childPath = fileURLToPath(new URL('fuzz/child.mjs', import.meta.url));

/** Runs cases [from, to) until the process ends; says which case comes next. */
function runCases(tally: Tally, seed: number, from: number, to: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child: ChildProcess = fork(childPath, {
      execArgv: [`--max-old-space-size=${HEAP_MEGABYTES}`],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    let at = from - 1;
    let asked = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let fault: string | undefined;
    let done = false;
    const found = (what: string) => tally.findings.push({ format: tally.name, seed, index: at, what });
    const watch = () => {
      clearTimeout(timer);
      timer = setTimeout(
        () => {
          fault = `no answer in ${SECONDS} s`;
          child.kill('SIGKILL');
        },
        1000 * (asked ? SECONDS : STARTING_SECONDS),
      );
    };
    child.on('message', ({ ready, done: ended, broken, index, code, fault: said, ms = 0, megabytes = 0 }: Told) => {
      if (ready) {
        child.send({ name: tally.name, seed, from, to });
        asked = true;
      }
      if (broken !== undefined) reject(new Error(broken));
      if (ended) {
        done = true;
        child.kill();
      }
      if (index !== undefined) at = index;
      if (code !== undefined) {
        tally.cases++;
        if (code === 'taken') tally.taken++;
        else tally.codes.set(code, (tally.codes.get(code) ?? 0) + 1);
        if (said !== undefined) found(said);
        tally.slowestMs = Math.max(tally.slowestMs, ms);
        tally.megabytes = Math.max(tally.megabytes, megabytes);
        if (megabytes > MEGABYTES && fault === undefined) {
          fault = `${Math.round(megabytes)} MB in use`;
          child.kill('SIGKILL');
        }
      }
      watch();
    });
    child.on('exit', (_, signal) => {
      clearTimeout(timer);
      if (at < from && !done) reject(new Error('The process that reads died before its first case.'));
      else if (!done) found(fault ?? `the process died (${signal ?? 'exit'})`);
      resolve(done ? to : at + 1);
    });
    watch();
  });
}

export async function run(json: boolean, of: readonly string[]): Promise<void> {
  const [count = 100_000, seed = 1] = of.filter((word) => /^\d+$/.test(word)).map(Number);
  const named = of.filter((word) => !/^\d+$/.test(word)).map((name) => formatNamed(name));
  const folder = join(tmpdir(), 'retrace-fuzz');
  const tallies: Tally[] = [];
  for (const format of named.length > 0 ? named : formats) {
    const tally: Tally = { name: format.name, cases: 0, taken: 0, codes: new Map(), findings: [], slowestMs: 0, megabytes: 0 };
    tallies.push(tally);
    for (let next = 0; next < count; ) next = await runCases(tally, seed, next, count);
    for (const { index, what } of tally.findings.slice(0, shownFindings)) {
      mkdirSync(folder, { recursive: true });
      const path = join(folder, `${format.name}-${seed}-${index}`);
      writeFileSync(path, await bytesOf(format, seed, index));
      console.error(`${path}: ${what}`);
    }
    if (!json) console.error(`${format.name}: ${tally.cases} cases, ${tally.findings.length} findings`);
  }
  if (json) {
    console.log(JSON.stringify(tallies.map((tally) => ({ ...tally, codes: Object.fromEntries(tally.codes) }))));
    return;
  }
  const row = ({ name, cases, taken, codes, findings, slowestMs, megabytes }: Tally) =>
    [name, cases, taken, codes.size, findings.length, Math.round(slowestMs), Math.round(megabytes)].map(String);
  console.log(tableText([['format', 'cases', 'taken', 'kinds of refusal', 'findings', 'slowest, ms', 'most MB'], ...tallies.map(row)]));
}
