// Whether the pictures of examples can be read, found out before a run rather than in the middle of it: each is decoded once. Broken ones are refused by name, or
// left out, as people say. Invariant: a run never meets a picture for the first time.

import type { Dataset, Example } from '../../data/examples.ts';
import type { PictureFile } from '../../data/pictures/picture.ts';
import { RetraceError } from '../../protocol/errors.ts';
import { countText, listText, plural } from '../../protocol/sentences.ts';
import type { BrokenPicture, PictureReader } from './reader.ts';

/** Broken pictures that an error or a sentence names. */
const named = 5;

const listed = (broken: readonly BrokenPicture[]): string =>
  listText(
    broken.map(({ error }) => error.message.replace(/\.$/, '')),
    named,
  );

/** Error `broken-pictures`. */
function refuse(name: string, broken: readonly BrokenPicture[], of: number): never {
  const [first] = broken;
  throw new RetraceError({
    code: 'broken-pictures',
    message: `${countText(broken.length)} of ${plural(of, 'picture')} of ${name} can't be read: ${listed(broken)}.`,
    where: `${name}: ${first?.picture.path}`,
    remedy: 'Put whole copies in their place, take them out, or skip broken pictures (--broken-pictures skip).',
  });
}

interface Readable {
  readonly dataset: Dataset;
  /** What was left out, in sentences. */
  readonly notes: readonly string[];
}

interface Asked {
  /** What people call the data. */
  readonly name: string;
  readonly broken: 'refuse' | 'skip';
  onProgress?(done: number, of: number): void | Promise<void>;
}

const pictureOf = ({ picture }: Pick<Example, 'picture'>): PictureFile[] => (picture && 'blob' in picture ? [picture] : []);

/** The examples whose pictures can be read. Errors: `broken-pictures`, `no-readable-pictures`. */
export async function readable(dataset: Dataset, reader: PictureReader, { name, broken: rule, onProgress }: Asked): Promise<Readable> {
  const pictures = dataset.examples.flatMap(pictureOf);
  const broken = await reader.broken(pictures, (done) => onProgress?.(done, pictures.length));
  if (broken.length === 0) return { dataset, notes: [] };
  if (rule === 'refuse' || broken.length === pictures.length) refuse(name, broken, pictures.length);
  const out = new Set(broken.map(({ picture }) => picture));
  return {
    dataset: { ...dataset, examples: dataset.examples.filter((example) => !pictureOf(example).some((picture) => out.has(picture))) },
    notes: [
      `${countText(broken.length)} of ${plural(pictures.length, 'picture')} of ${name} ${broken.length === 1 ? 'is' : 'are'} broken and skipped: ${listed(broken)}.`,
    ],
  };
}
