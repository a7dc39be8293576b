// Pictures as Node decodes and prepares them, against Pillow and Transformers (src/data/vectors/pictures.py), on this thread and on others.

import { afterAll, expect, test } from 'vitest';
import { patchesOf, prepare } from '../src/data/pictures/prepare.ts';
import { type PictureProcessor, readImageProcessor } from '../src/data/pictures/processor.ts';
import { pictureBytes, sha256, vectors } from '../src/data/pictures/testing.ts';
import { decodePicture } from './picture_decoder.ts';
import { nodePictures } from './picture_decoder_pool.ts';

const blobOf = (name: string): Blob => new Blob([pictureBytes(name)]);
const { size } = vectors;
const processorOf = (name: string): PictureProcessor => readImageProcessor(vectors.processors[name], name, size).processor;

test('there are pictures of every kind', () => expect(vectors.pictures.length).toBeGreaterThan(60));

test.each(vectors.pictures)("$name has Pillow's pixels, to the bit", async ({ name, width, height, sha256: expected, x, y, rgb }) => {
  const pixels = await decodePicture(blobOf(name), 'jpeg');
  expect({ width: pixels.width, height: pixels.height }).toEqual({ width, height });
  const at = 3 * (y * width + x);
  expect([...pixels.data.subarray(at, at + 3)]).toEqual(rgb);
  expect(sha256(pixels.data)).toBe(expected);
});

/** The image of patches of one pixel by one, with channels first: Transformers' pixel_values. */
function pixelValues(rgb: Uint8Array, processor: PictureProcessor): Float32Array {
  const patches = new Float32Array(size * size * 3);
  patchesOf(rgb, processor, 1, patches);
  return Float32Array.from(
    { length: patches.length },
    (_, i) => patches[(i % (size * size)) * 3 + Math.floor(i / (size * size))] as number,
  );
}

test.each(vectors.prepared)(
  "$name by $processor has Transformers' bytes and pixel_values, to the bit",
  async ({ name, processor, ...expected }) => {
    const by = processorOf(processor);
    const rgb = await prepare(blobOf(name), name, { processor: by }, decodePicture);
    expect(sha256(rgb)).toBe(expected.rgb_sha256);
    const values = pixelValues(rgb, by);
    expect([0, 1, 2].map((channel) => values[channel * size * size + 5 * size + 7])).toEqual(expected.first);
    expect(sha256(new Uint8Array(values.buffer))).toBe(expected.pixel_values_sha256);
  },
);

const vit = processorOf('vit');

test.each(vectors.pictures)(
  '$name: cut anywhere, or with bytes changed inside, it is an error that names it, or a picture',
  async ({ name }) => {
    const bytes = pictureBytes(name);
    for (const part of [0.1, 0.5, 0.9]) {
      const cut = new Blob([bytes.subarray(0, Math.floor(bytes.length * part))]);
      await expect(prepare(cut, `pets/${name}`, { processor: vit }, decodePicture)).rejects.toMatchObject({
        code: 'broken-picture',
        where: `pets/${name}`,
      });
    }
    for (let i = 0; i < 20; i++) {
      const changed = bytes.slice();
      const at = Math.floor(((i + 0.5) / 20) * bytes.length);
      changed[at] = (changed[at] as number) ^ 0x55;
      const rgb = await prepare(new Blob([changed]), name, { processor: vit }, decodePicture).catch((thrown: unknown) => {
        expect(thrown).toMatchObject({ code: expect.stringMatching(/^(?:broken-picture|picture-too-large)$/), where: name });
      });
      if (rgb !== undefined) expect(rgb).toHaveLength(size * size * 3);
    }
  },
);

const pool = await nodePictures();
afterAll(() => pool.close());

test('threads give the same bytes, many at a time, and their errors are ours', async () => {
  const augmentation = { options: { min_scale: 0.3, flip: true }, seed: 3, epoch: 1, example: 5 };
  const request = { processor: vit, augmentation };
  const names = vectors.pictures.map(({ name }) => name);
  const there = await Promise.all(names.map((name) => pool.prepare(blobOf(name), name, request)));
  for (const [i, name] of names.entries()) expect(there[i]).toEqual(await prepare(blobOf(name), name, request, decodePicture));
  await expect(pool.prepare(new Blob(['path,label']), 'a.csv', request)).rejects.toMatchObject({
    code: 'broken-picture',
    message: "'a.csv' can't be read: this is text; read: JPEG, PNG, WebP, GIF.",
    remedy: expect.stringContaining('Convert'),
  });
  const other = await nodePictures(1);
  const asked = other.prepare(blobOf('large.jpg'), 'large.jpg', request);
  other.close();
  await expect(asked).rejects.toThrow('closed');
  await expect(other.prepare(blobOf('one.png'), 'one.png', request)).rejects.toThrow('closed');
});
