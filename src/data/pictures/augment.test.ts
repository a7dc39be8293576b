// Random crops against torchvision's own code over the same numbers (src/data/vectors/pictures.py), and what they depend on.

import { expect, test } from 'vitest';
import { augment, randomBox } from './augment.ts';
import { vectors } from './testing.ts';

test("boxes are torchvision's, whatever the shape of the picture", () => {
  expect(vectors.crops.length).toBe(60);
  for (const { key, min_scale, width, height, box } of vectors.crops)
    expect(randomBox(key, min_scale, width, height), JSON.stringify({ key, width, height })).toEqual(box);
});

const options = { min_scale: 0.2, flip: true };
const many = Array.from({ length: 2000 }, (_, example) => augment(options, { seed: 11, epoch: 2, example }, 300, 200));

test('a picture is cropped and mirrored by its seed, epoch and number alone, and otherwise each time', () => {
  const key = { seed: 11, epoch: 2, example: 40 };
  expect(augment(options, key, 300, 200)).toEqual(many[40]);
  const others = [
    { ...key, seed: 12 },
    { ...key, epoch: 3 },
    { ...key, example: 41 },
  ].map((other) => augment(options, other, 300, 200).box);
  for (const other of others) expect(other).not.toEqual(many[40]?.box);
  expect(new Set(many.map((each) => JSON.stringify(each))).size).toBeGreaterThan(1990);
});

test('half of the pictures are mirrored, areas fill their range, and boxes lie within the picture', () => {
  const mirrored = many.filter(({ flip }) => flip).length;
  // Six standard deviations of 2000 throws of a coin.
  expect(Math.abs(mirrored - 1000)).toBeLessThan(6 * Math.sqrt(500));
  const areas = many.map(({ box }) => ((box?.width ?? 0) * (box?.height ?? 0)) / 60_000);
  expect(Math.min(...areas)).toBeGreaterThan(0.19);
  expect(Math.min(...areas)).toBeLessThan(0.22);
  // A picture of 3 by 2 has no larger part of at most 4 by 3 than 8 / 9 of it.
  expect(Math.max(...areas)).toBeGreaterThan(0.86);
  for (const { box } of many) {
    expect(box !== undefined && box.left >= 0 && box.top >= 0 && box.left + box.width <= 300 && box.top + box.height <= 200).toBe(true);
  }
});

test('what is not asked for does not happen, and does not change the rest', () => {
  const key = { seed: 1, epoch: 0, example: 7 };
  const both = augment(options, key, 90, 80);
  expect(augment({ min_scale: undefined, flip: true }, key, 90, 80)).toEqual({ box: undefined, flip: both.flip });
  expect(augment({ min_scale: 0.2, flip: false }, key, 90, 80)).toEqual({ box: both.box, flip: false });
});
