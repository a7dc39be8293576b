// A hub on loopback for trials by hand: `node scripts/hub_double.mjs [--port N] FOLDER...`. Each folder is a model under its own name and that of the folder
// it lies in (`models/org/name` is `org/name`), or under the one given: `org/name=FOLDER`. With the token `hf_double` all may be read and written.
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadSource } from './sources.mjs';

function usage(why) {
  console.error(`${why}\nUsage: node scripts/hub_double.mjs [--port N] FOLDER... (or org/name=FOLDER)`);
  process.exit(2);
}

function asked() {
  try {
    const { values, positionals } = parseArgs({ options: { port: { type: 'string', default: '0' } }, allowPositionals: true });
    if (!/^\d+$/.test(values.port)) throw new Error(`--port is a number, not '${values.port}'.`);
    return { port: Number(values.port), folders: positionals };
  } catch (error) {
    return usage(error.message);
  }
}

const { port, folders } = asked();
const named = folders.map((word) => {
  const [, id, path] = /^(?:([^=]+)=)?(.+)$/.exec(word);
  const folder = resolve(path);
  if (!existsSync(folder) || !statSync(folder).isDirectory()) usage(`There is no folder ${folder}.`);
  return { id: id ?? `${basename(dirname(folder))}/${basename(folder)}`, folder };
});

const { startHubDouble, repoFromFolder } = await loadSource('/e2e/hub_double/server.ts');
const hub = await startHubDouble({ port, tokens: { hf_double: { user: 'double', canRead: 'all', canWrite: true } } });
for (const { id, folder } of named) {
  hub.add(repoFromFolder(id, folder));
  console.log(`${id}: ${folder}`);
}
console.log(`HF_ENDPOINT=${hub.endpoint} HF_TOKEN=hf_double   (large files come from ${hub.cdn}; Ctrl-C ends it)`);
process.on('SIGINT', () => hub.close().then(() => process.exit(0)));
