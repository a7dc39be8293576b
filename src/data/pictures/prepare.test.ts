// Squares and patches of decoded pictures, with a decoder that knows them already: order, arithmetic, what is cropped and mirrored, and errors. Against
// Transformers: cli/picture_decoder.test.ts.

import { expect, test } from 'vitest';
import { RetraceError } from '../../protocol/errors.ts';
import { augment } from './augment.ts';
import type { Orientation } from './headers/header.ts';
import type { DecodePicture, Pixels } from './picture.ts';
import { patchesOf, prepare } from './prepare.ts';
import { readImageProcessor } from './processor.ts';
import { resize } from './resample.ts';
import { drawn, pictureBytes } from './testing.ts';
import { centerCrop, crop, mirrored, upright } from './turn.ts';

const file = new Blob([pictureBytes('one.png')]);
const gives =
  (pixels: Pixels): DecodePicture =>
  async () =>
    pixels;
const { processor } = readImageProcessor({ size: 12 }, 'model', 12);

test('patches are rows of channel, row and column, each number rounded step by step as NumPy does', () => {
  const { data } = drawn(12, 12);
  const image_mean = [0.485, 0.456, 0.406] as const;
  const image_std = [0.229, 0.224, 0.225] as const;
  const by = { ...processor, normalize: { image_mean, image_std } };
  const patches = new Float32Array(9 * 48);
  patchesOf(data, by, 4, patches);
  const { fround } = Math;
  for (let at = 0; at < patches.length; at++) {
    const [patch, channel, y, x] = [Math.floor(at / 48), Math.floor(at / 16) % 3, Math.floor(at / 4) % 4, at % 4];
    const value = data[((Math.floor(patch / 3) * 4 + y) * 12 + (patch % 3) * 4 + x) * 3 + channel] as number;
    const expected = fround(fround(fround(value / 255) - fround(image_mean[channel] as number)) / fround(image_std[channel] as number));
    expect(patches[at]).toBeCloseTo(expected, 6);
  }
  // A last patch that is not whole is left out.
  const four = new Float32Array(4 * 75 + 1).fill(7);
  patchesOf(data, by, 5, four);
  expect(four.at(-1)).toBe(7);
});

test('without scale and mean the numbers are those of the picture', () => {
  const { data } = drawn(12, 12);
  const patches = new Float32Array(12 * 12 * 3);
  patchesOf(data, { ...processor, rescale_factor: undefined, normalize: undefined }, 1, patches);
  expect([...patches]).toEqual([...data]);
});

test('a random crop is cut out, resized to the square and mirrored; the middle is not cut out of it again', async () => {
  const pixels = drawn(50, 40);
  const { processor: bit } = readImageProcessor({ image_processor_type: 'BitImageProcessor', size: 16, crop_size: 12 }, 'model', 12);
  for (let example = 0; example < 8; example++) {
    const key = { seed: 5, epoch: 1, example };
    const options = { min_scale: 0.3, flip: true };
    const { box, flip } = augment(options, key, 50, 40);
    const expected = resize(crop(pixels, box ?? { left: 0, top: 0, width: 0, height: 0 }), 12, 12, 3);
    const request = { processor: bit, augmentation: { options, ...key } };
    expect(await prepare(file, 'a.png', request, gives(pixels))).toEqual((flip ? mirrored(expected) : expected).data);
    const plain = centerCrop(resize(pixels, 20, 16, 3), 12);
    const turnOnly = { ...request, augmentation: { options: { min_scale: undefined, flip: true }, ...key } };
    expect(await prepare(file, 'a.png', turnOnly, gives(pixels))).toEqual((flip ? mirrored(plain) : plain).data);
  }
});

test('every turn is undone by the one that is its opposite', () => {
  const pixels = drawn(5, 3);
  const opposite: Readonly<Record<Orientation, Orientation>> = { 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6 };
  for (const [turn, back] of Object.entries(opposite)) expect(upright(upright(pixels, Number(turn) as Orientation), back)).toEqual(pixels);
});

test('what is smaller than the crop is padded with black, more of it before than after', () => {
  const white = { width: 3, height: 2, data: new Uint8Array(18).fill(255) };
  const { data } = centerCrop(white, 4);
  const rows = Array.from({ length: 4 }, (_, y) =>
    Array.from({ length: 4 }, (_, x) => Math.sign(data[(y * 4 + x) * 3] as number)).join(''),
  );
  expect(rows).toEqual(['0000', '0111', '0111', '0000']);
});

test('errors name the picture and say why', async () => {
  const fails = (error: Error, bytes = file) =>
    prepare(bytes, 'pets/cat.png', { processor }, async () => {
      throw error;
    });
  await expect(fails(new Error("its pixels can't be decoded (bad code)"))).rejects.toMatchObject({
    ...{ code: 'broken-picture', where: 'pets/cat.png' },
    message: "'pets/cat.png' can't be read: its pixels can't be decoded (bad code).",
  });
  await expect(fails(new RetraceError({ code: 'no-webgl', message: 'No.' }))).rejects.toMatchObject({ code: 'no-webgl' });
  await expect(fails(new Error(), new Blob([]))).rejects.toThrow("'pets/cat.png' can't be read: the file is empty.");
  const { processor: bit } = readImageProcessor({ image_processor_type: 'BitImageProcessor' }, 'model', 224);
  const thin = { width: 1, height: 4000, data: new Uint8Array(12_000) };
  await expect(prepare(file, 'pets/cat.png', { processor: bit }, gives(thin))).rejects.toMatchObject({
    code: 'picture-too-large',
    message: expect.stringContaining('1 × 4000 pixels'),
  });
});
