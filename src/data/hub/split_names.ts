// Words that say which split a file or folder is, and the order of splits: the `datasets` library's. Knows paths alone.

/** As the library orders them; others behind, as they come. */
const usual = ['train', 'validation', 'test'];
const place = ({ name }: { readonly name: string }): number => (usual.includes(name) ? usual.indexOf(name) : usual.length);
export const bySplit = (a: { readonly name: string }, b: { readonly name: string }): number => place(a) - place(b);

const words: Readonly<Record<string, readonly string[]>> = {
  train: ['train', 'training'],
  validation: ['validation', 'valid', 'val', 'dev'],
  test: ['test', 'testing', 'eval', 'evaluation'],
};

/** The split that the name of a file or folder says. */
export function splitWord(name: string): string | undefined {
  const found = name.toLowerCase().split(/[-._\s\d]+/);
  return usual.find((split) => words[split]?.some((word) => found.includes(word)));
}

/** The split that a path names: its file's name first, then its folders. */
export function splitNamed(path: string): string | undefined {
  for (const part of path.split('/').reverse()) {
    const name = splitWord(part);
    if (name !== undefined) return name;
  }
  return undefined;
}
