// Rows of pictures: files of each kind, a zip and a Parquet file of them, and what says how they are prepared. As of other formats (formats.ts).

import { readFileSync } from 'node:fs';
import { zipSync } from 'fflate';
import { decodePicture } from '../../cli/picture_decoder.ts';
import { prepare } from '../../src/data/pictures/prepare.ts';
import { readImageProcessor } from '../../src/data/pictures/processor.ts';
import { fileFolder, readJson } from '../../src/hub/folder.ts';
import type { ModelRef } from '../../src/protocol/config.ts';
import type { Session } from '../../src/session/session.ts';
import { blobOf, type Format, fileAt, root, utf8 } from './format.ts';
import { damagedBytes, damagedJsonFile } from './mutate.ts';

const jsonAt = (path: string): unknown => JSON.parse(readFileSync(`${root}${path}`, 'utf8'));

const pictureAt = (name: string): Uint8Array => fileAt(`${root}src/data/vectors/pictures/${name}`);
/** One of each way to store a picture. */
const kinds = {
  jpeg: ['photo.jpg', 'progressive.jpg', 'grey.jpg', 'cmyk.jpg', 'exif6.jpg'],
  png: ['rgb.png', 'p_transparent.png', 'interlaced.png', 'deep_rgba.png', 'exif6.png'],
  webp: ['lossy.webp', 'lossless.webp', 'alpha_lossy.webp', 'animated.webp'],
  gif: ['photo.gif', 'animated.gif', 'interlaced.gif', 'inside_transparent.gif'],
};
const size = 12;
const { processor } = readImageProcessor(undefined, 'usual', size, 'ViTImageProcessor');
const readPicture = (bytes: Uint8Array) => prepare(blobOf(bytes), 'x', { processor }, decodePicture);

const { processors } = jsonAt('src/data/vectors/pictures.json') as { readonly processors: Readonly<Record<string, unknown>> };

/** A model that looks at pictures. */
const model: ModelRef = {
  kind: 'files',
  name: 'tiny',
  files: ['config.json', 'model.safetensors'].map((path) => ({ path, blob: blobOf(fileAt(`${root}python/vectors/tiny_vit/${path}`)) })),
};

/** Previews a set of pictures and decodes each: all that happens to them before a run. */
async function readSet({ calls }: Session, name: string, bytes: Uint8Array): Promise<void> {
  const data = { kind: 'file', name, blob: blobOf(bytes), broken_pictures: 'skip' } as const;
  const task = 'image_classification';
  await calls.previewData({ data, task });
  await calls.examineData({ model, data, task, max_length: 16, seed: 1 });
}

const zipped = (): Uint8Array[] => {
  const names = [
    'one.png',
    'lossy.webp',
    'plain.gif',
    'one.jpg',
    'grey2.png',
    'lossless.webp',
    'one.gif',
    'thin.png',
    'grey4.png',
    'p.png',
  ];
  const classOf = (i: number): string => (i % 2 ? 'cat' : 'dog');
  const files = Object.fromEntries(names.map((name, i) => [`${classOf(i)}/${name}`, pictureAt(name)]));
  const rows = names.map((name, i) => `${name},${classOf(i)}\n`).join('');
  const listed = { 'metadata.csv': utf8(`file_name,label\n${rows}`) };
  const flat = Object.fromEntries(names.map((name) => [name, pictureAt(name)]));
  return [zipSync(files, { level: 0 }), zipSync(files, { level: 9 }), zipSync({ ...listed, ...flat })];
};

const inParquet = (): Uint8Array[] => {
  const { special } = jsonAt('src/data/picture_sets/vectors/parquet.json') as { readonly special: Readonly<Record<string, string>> };
  return [Uint8Array.from(Buffer.from(special['a picture in every row'] ?? '', 'base64'))];
};

export const formatsOfPictures = (session: Session): readonly Format[] => [
  ...Object.entries(kinds).map(([name, names]) => ({
    name,
    samples: () => names.map(pictureAt),
    mutate: damagedBytes,
    read: readPicture,
  })),
  { name: 'pictures_zip', samples: zipped, mutate: damagedBytes, read: (bytes) => readSet(session, 'x.zip', bytes) },
  { name: 'pictures_parquet', samples: inParquet, mutate: damagedBytes, read: (bytes) => readSet(session, 'x.parquet', bytes) },
  {
    name: 'preprocessor_config',
    samples: () => Object.values(processors).map((processor) => utf8(JSON.stringify(processor))),
    mutate: damagedJsonFile,
    read: async (bytes) => {
      const json = await readJson(fileFolder([{ path: 'preprocessor_config.json', blob: blobOf(bytes) }], 'x'), 'preprocessor_config.json');
      const { processor: own } = readImageProcessor(json, 'preprocessor_config.json', size, 'ViTImageProcessor');
      await prepare(blobOf(pictureAt('rgb.png')), 'rgb.png', { processor: own }, decodePicture);
    },
  },
];
