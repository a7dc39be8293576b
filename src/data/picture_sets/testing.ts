// Small pictures for tests: enough of a file to be told by its first bytes, and different from every other.

/** Not a picture that can be decoded: the first bytes of a PNG, then a text. */
export const pngOf = (text: string): Blob => new Blob([Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a), text]);

/** Files by their paths: pictures where nothing else is said of what they hold. */
export const filesOf = (tree: readonly string[] | Readonly<Record<string, string | Blob>>): { path: string; blob: Blob }[] =>
  (Array.isArray(tree) ? tree.map((path: string): [string, string] => [path, '']) : Object.entries(tree)).map(([path, held]) => ({
    path,
    blob: held === '' ? pngOf(path) : new Blob([held]),
  }));
