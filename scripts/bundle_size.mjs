// The page's budget: JavaScript that a first visit must load before anything shows, gzipped, as built in dist/. What is loaded later
// (the worker, lazy chunks) is listed, not counted.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { ROOT } from './setup.mjs';

const BUDGET_KB = 250;

/** Paths under dist/ of the scripts that index.html names: the entry and, as preloads, all that it imports statically. */
function initialScripts(html) {
  const tags = html.match(/<(?:script|link)\b[^>]*>/g) ?? [];
  return tags.flatMap((tag) => /(?:src|href)="(?:\.?\/)?([^"]+\.js)"/.exec(tag)?.[1] ?? []);
}

/** Prints every script with its gzipped size, in kB of 1000 bytes; true where the initial ones keep to the budget. */
export function keepsBudget(say = console.log) {
  const dist = join(ROOT, 'dist');
  const initial = new Set(initialScripts(readFileSync(join(dist, 'index.html'), 'utf8')));
  const scripts = readdirSync(join(dist, 'assets')).filter((name) => name.endsWith('.js'));
  let total = 0;
  for (const path of scripts.map((name) => `assets/${name}`)) {
    const kb = gzipSync(readFileSync(join(dist, path))).length / 1000;
    if (initial.has(path)) total += kb;
    say(`${kb.toFixed(1).padStart(8)} kB  ${initial.has(path) ? 'initial' : 'later  '}  ${path}`);
  }
  // No script found means that index.html was misread, not that the page is small.
  const kept = total > 0 && total <= BUDGET_KB;
  say(`${total.toFixed(1).padStart(8)} kB of initial JavaScript, gzipped; the budget is ${BUDGET_KB} kB: ${kept ? 'kept' : 'BROKEN'}`);
  return kept;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit(keepsBudget() ? 0 : 1);
