// What tests of tokenizers share: folders from disk, and folders made of objects.

import { readFile } from 'node:fs/promises';
import { bytesOf } from '../../formats/bytes.ts';
import { fileFolder, type ModelFolder } from '../../hub/folder.ts';

/** A folder below the root of the repository. */
export function diskFolder(path: string): ModelFolder {
  return {
    name: path.split('/').at(-1) ?? path,
    async open(file) {
      try {
        return bytesOf(file, await readFile(new URL(`../../../${path}/${file}`, import.meta.url)));
      } catch {
        return undefined;
      }
    },
    list: () => Promise.resolve([]),
  };
}

/** Files by name: text as it is, anything else as JSON. */
export function folderOf(files: Readonly<Record<string, unknown>>): ModelFolder {
  const listed = Object.entries(files).map(([path, value]) => ({
    path,
    blob: new Blob([typeof value === 'string' ? value : JSON.stringify(value)]),
  }));
  return fileFolder(listed, 'mine');
}
