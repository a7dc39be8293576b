// A hub on loopback for trials by hand: `node scripts/hub_double.mjs [--port N] FOLDER...`. Each folder is a model under its own name and that of the folder
// it lies in (`models/org/name` is `org/name`), or under the one given: `org/name=FOLDER`. With the token `hf_double` all may be read and written.
// More flags, for python/check_hub_double.py: --page-size N, --multipart-above BYTES, --part-size BYTES, --resolve-cache.
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadSource } from './sources.mjs';

function usage(why) {
  console.error(`${why}\nUsage: node scripts/hub_double.mjs [--port N] FOLDER... (or org/name=FOLDER)`);
  process.exit(2);
}

const camel = (flag) => flag.replace(/-(.)/g, (_, letter) => letter.toUpperCase());

function asked() {
  try {
    const flags = ['port', 'page-size', 'multipart-above', 'part-size'];
    const numbers = Object.fromEntries(flags.map((flag) => [flag, { type: 'string' }]));
    const { values, positionals } = parseArgs({ options: { ...numbers, 'resolve-cache': { type: 'boolean' } }, allowPositionals: true });
    const wrong = flags.find((flag) => values[flag] !== undefined && !/^\d+$/.test(values[flag]));
    if (wrong !== undefined) throw new Error(`--${wrong} is a number, not '${values[wrong]}'.`);
    const given = flags.filter((flag) => values[flag] !== undefined).map((flag) => [camel(flag), Number(values[flag])]);
    return { options: { ...Object.fromEntries(given), resolveCache: values['resolve-cache'] === true }, folders: positionals };
  } catch (error) {
    return usage(error.message);
  }
}

const { options, folders } = asked();
const named = folders.map((word) => {
  const [, id, path] = /^(?:([^=]+)=)?(.+)$/.exec(word);
  const folder = resolve(path);
  if (!existsSync(folder) || !statSync(folder).isDirectory()) usage(`There is no folder ${folder}.`);
  return { id: id ?? `${basename(dirname(folder))}/${basename(folder)}`, folder };
});

const { startHubDouble, repoFromFolder } = await loadSource('/e2e/hub_double/server.ts');
const hub = await startHubDouble({ ...options, tokens: { hf_double: { user: 'double', canRead: 'all', canWrite: true } } });
for (const { id, folder } of named) {
  hub.add(repoFromFolder(id, folder));
  console.log(`${id}: ${folder}`);
}
console.log(`HF_ENDPOINT=${hub.endpoint} HF_TOKEN=hf_double   (large files come from ${hub.cdn}; Ctrl-C ends it)`);
process.on('SIGINT', () => hub.close().then(() => process.exit(0)));
