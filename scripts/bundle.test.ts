import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './setup.mjs';

interface Row {
  readonly name: string;
  readonly files: readonly { path: string; size: number; sha256: string }[];
}

test.each(['models', 'data'])('the index of public/%s names every bundled file with its size and checksum', (kind) => {
  const folder = join(ROOT, 'public', kind);
  const rows: readonly Row[] = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'))[kind];
  const named = rows.flatMap(({ name, files }) => files.map((file) => `${name}/${file.path}`));
  const present = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'index.json')
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  expect(present.map((path) => path.replaceAll('\\', '/')).sort()).toEqual([...named].sort());
  for (const { name, files } of rows) {
    for (const { path, size, sha256 } of files) {
      const bytes = readFileSync(join(folder, name, path));
      expect({ path, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }).toEqual({ path, size, sha256 });
    }
  }
});
