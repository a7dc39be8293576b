// Resizing against Pillow, bit for bit, for all filters, sizes and boxes of src/data/vectors/pictures.py.

import { expect, test } from 'vitest';
import { type Resample, resampleCodes, resize } from './resample.ts';
import { drawn, sha256, vectors } from './testing.ts';

test.each(Object.entries(resampleCodes))("%s gives Pillow's bytes for every size and box", (_, code) => {
  const cases = vectors.resampled.filter(({ resample }) => resample === code);
  expect(cases.length).toBe(15);
  for (const { of, to, box, resample, sha256: expected } of cases) {
    const { width, height, data } = resize(drawn(...of), ...to, resample as Resample, box ?? undefined);
    expect({ of, to, box, width, height, sha256: sha256(data) }).toEqual({ of, to, box, width: to[0], height: to[1], sha256: expected });
  }
});
