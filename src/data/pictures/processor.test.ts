// preprocessor_config.json in its old and new spellings against what Transformers reads of it (src/data/vectors/pictures.py), sizes that are not the model's, and
// files with faults.

import { expect, test } from 'vitest';
import { readImageProcessor } from './processor.ts';
import { vectors } from './testing.ts';

type Sizes = { readonly height?: number; readonly shortest_edge?: number };

test.each(vectors.read)('$file is read as Transformers reads it', ({ file, read }) => {
  const size = read['size'] as Sizes;
  const crop = read['do_center_crop'] === true ? (read['crop_size'] as Sizes).height : undefined;
  const side = crop ?? size.height ?? size.shortest_edge ?? 0;
  const { processor, note } = readImageProcessor(file, 'model', side);
  expect(note).toBeUndefined();
  expect(processor).toMatchObject({
    image_size: side,
    resample: read['resample'],
    rescale_factor: read['do_rescale'] === true ? read['rescale_factor'] : undefined,
    normalize: read['do_normalize'] === true ? { image_mean: read['image_mean'], image_std: read['image_std'] } : undefined,
  });
  if (read['image_processor_type'] === 'ConvNextImageProcessor') {
    const edge = Math.trunc(side / (read['crop_pct'] as number));
    const isSqueezed = side >= 384;
    expect(processor.size).toEqual(isSqueezed ? { height: side, width: side } : { shortest_edge: edge });
    expect(processor.do_center_crop).toBe(!isSqueezed);
  } else expect(processor).toMatchObject({ size: read['size'], do_center_crop: crop !== undefined });
  // All that Transformers writes itself says the same.
  expect(readImageProcessor(read, 'model', side).processor).toEqual(processor);
});

test("where there is no file, pictures are read as the model's class does by default, and that is said", () => {
  const { processor, note } = readImageProcessor(undefined, 'model', 96);
  expect(processor).toEqual({
    ...{ image_size: 96, size: { height: 96, width: 96 }, resample: 2, do_center_crop: false, rescale_factor: 1 / 255 },
    normalize: { image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] },
  });
  expect(note).toBe('The model has no preprocessor_config.json: pictures are read as ViTImageProcessor does by default, at 96 × 96.');
  expect(readImageProcessor(undefined, 'model', 224, 'DeiTImageProcessor').processor).toMatchObject({
    size: { height: 256, width: 256 },
    do_center_crop: true,
    resample: 3,
  });
  expect(readImageProcessor({ size: 224 }, 'model', 224, 'DeiTImageProcessor').processor.do_center_crop).toBe(true);
});

test("the model's own size wins over the file's, in its proportions, and that is said", () => {
  const at = (json: object, size: number) => readImageProcessor(json, 'model', size);
  expect(at({ size: 224 }, 384)).toMatchObject({
    processor: { image_size: 384, size: { height: 384, width: 384 } },
    note: 'preprocessor_config.json makes pictures of 224 × 224; they are made 384 × 384 in the same way.',
  });
  expect(at({ image_processor_type: 'DeiTImageProcessor' }, 112).processor.size).toEqual({ height: 128, width: 128 });
  const bit = { image_processor_type: 'BitImageProcessor', size: { shortest_edge: 256 }, crop_size: 224 };
  expect(at(bit, 518).processor).toMatchObject({ image_size: 518, size: { shortest_edge: 592 }, do_center_crop: true });
  expect(at({ ...bit, do_resize: false }, 518).processor).toMatchObject({ size: undefined, do_center_crop: true });
  expect(at({ image_processor_type: 'ConvNextImageProcessor', size: 224 }, 112).processor.size).toEqual({ shortest_edge: 128 });
});

test.each([
  [{ image_processor_type: 'LlavaImageProcessor' }, 'image_processor_type', 'ViTImageProcessor, DeiTImageProcessor'],
  [{ feature_extractor_type: 7 }, 'feature_extractor_type', 'ViTImageProcessor'],
  [{ size: 0 }, 'size', 'from 1 to 16384'],
  [{ size: '224' }, 'size', 'height and width, or shortest_edge'],
  [{ size: { height: 224 } }, 'size', 'height and width, or shortest_edge'],
  [{ size: { height: 224, width: 1e9 } }, 'size', 'whole numbers'],
  [{ size: { shortest_edge: 224, longest_edge: 300 } }, 'size', 'height and width'],
  [{ size: { height: 224, width: 200 } }, 'size', 'a square'],
  [{ size: { shortest_edge: 224 } }, 'size', 'do_center_crop'],
  [{ do_center_crop: true, crop_size: { height: 224, width: 200 } }, 'crop_size', 'a square'],
  [{ image_processor_type: 'ConvNextImageProcessor', do_center_crop: true }, 'do_center_crop', 'crop_pct'],
  [{ do_resize: false }, 'do_resize', 'do_center_crop'],
  [{ do_resize: 'no' }, 'do_resize', 'true or false'],
  [{ do_convert_rgb: 1 }, 'do_convert_rgb', 'true or false'],
  [{ do_pad: true }, 'do_pad', 'false'],
  [{ resample: 6 }, 'resample', '2 (bilinear)'],
  [{ resample: 'bicubic' }, 'resample', '3 (bicubic)'],
  [{ rescale_factor: 0 }, 'rescale_factor', 'above 0'],
  [{ image_mean: [0.5, 0.5] }, 'image_mean', 'three numbers'],
  [{ image_std: [0.5, 0.5, 0] }, 'image_std', 'three numbers'],
  [{ image_processor_type: 'ConvNextImageProcessor', size: 224, crop_pct: 2 }, 'crop_pct', 'at most 1'],
])('%j is refused by its key', (json, key, expected) => {
  const read = () => readImageProcessor(json, 'vit/preprocessor_config.json', 224);
  expect(read).toThrow(expect.objectContaining({ code: 'config', where: `vit/preprocessor_config.json: ${key}` }));
  expect(read).toThrow(expected);
});

test.each([[null], [[]], ['x'], [3]])('%j is no description', (json) => {
  expect(() => readImageProcessor(json, 'model', 224)).toThrow(expect.objectContaining({ code: 'config', where: 'model' }));
});

test('a value that is nested ten thousand deep is refused by its key, and shown in a line', () => {
  const nested = JSON.parse(`${'['.repeat(10_000)}${']'.repeat(10_000)}`);
  for (const key of ['image_processor_type', 'size', 'image_mean', 'resample', 'do_resize']) {
    const read = () => readImageProcessor({ [key]: nested }, 'a.json', 224);
    expect(read).toThrow(expect.objectContaining({ code: 'config', where: `a.json: ${key}` }));
    expect(read).toThrow(/^.{1,200}$/);
  }
});
