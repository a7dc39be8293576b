// Pixels as a model takes them, against Transformers' ViTImageProcessor: of pictures that python/check_pixels.py wrote the numbers of. Names of files: the folder
// that it wrote. It throws where a number is further than 1/255 of the range of a colour from what Pillow resizes; torchvision, by which Transformers resizes where
// it is installed, is itself further from Pillow here and there.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodePicture } from '../cli/picture_decoder.ts';
import { patchesOf, prepare } from '../src/data/pictures/prepare.ts';
import { readImageProcessor } from '../src/data/pictures/processor.ts';
import { bytesOf } from '../src/formats/bytes.ts';
import { openSafetensors } from '../src/formats/safetensors.ts';
import { readFloats } from '../src/formats/tensor_file.ts';
import { RetraceError } from '../src/protocol/errors.ts';

interface Recorded {
  readonly key: string;
  readonly by: string;
  readonly file: string;
  readonly config: { readonly size: { readonly width: number } };
}

/** Of a step: what rounding of floats takes. */
const slack = 1e-3;

export async function run(json: boolean, [folder]: readonly string[]): Promise<void> {
  if (folder === undefined)
    throw new RetraceError({ code: 'usage', message: 'No folder is named.', remedy: 'Name the folder that python/check_pixels.py wrote.' });
  const records = JSON.parse(readFileSync(join(folder, 'pixels.json'), 'utf8')) as readonly Recorded[];
  const tensors = await openSafetensors(bytesOf('pixels', new Uint8Array(readFileSync(join(folder, 'pixels.safetensors')))));
  const of = new Map<
    string,
    { pictures: number; equal: number; values: number; other: number; beyond: number; worst: number; at: string }
  >();
  for (const { key, by, file, config } of records) {
    const S = config.size.width;
    const { processor } = readImageProcessor(config, key, S, 'ViTImageProcessor');
    const rgb = await prepare(new Blob([readFileSync(file)]), file, { processor }, decodePicture);
    const values = new Float32Array(3 * S * S);
    // Patches of one pixel: [S * S, 3], where Transformers has [3, S, S].
    patchesOf(rgb, processor, 1, values);
    const expected = await readFloats(tensors, key);
    const found = of.get(by) ?? { pictures: 0, equal: 0, values: 0, other: 0, beyond: 0, worst: 0, at: '' };
    of.set(by, found);
    const std = processor.normalize?.image_std;
    let largest = 0;
    for (let i = 0; i < values.length; i++) {
      const [c, at] = [Math.floor(i / (S * S)), i % (S * S)];
      // In steps of a colour of 8 bits.
      const steps = Math.abs((values[3 * at + c] as number) - (expected[i] as number)) * (std?.[c] ?? 1) * 255;
      if (steps > slack) found.other++;
      if (steps > 1 + slack) found.beyond++;
      largest = Math.max(largest, steps);
    }
    found.pictures++;
    found.values += values.length;
    if (largest <= slack) found.equal++;
    if (largest > found.worst) Object.assign(found, { worst: largest, at: key });
  }
  if (json) console.log(JSON.stringify(Object.fromEntries(of)));
  else {
    for (const [by, { pictures, equal, values, other, beyond, worst, at }] of of)
      console.log(
        `by ${by}: ${equal} of ${pictures} squares are equal; ${other} of ${values} numbers differ, ${beyond} by more than 1/255, by at most ${worst.toFixed(3)}/255${at === '' ? '' : ` (${at})`}`,
      );
  }
  const { beyond = 0, at } = of.get('Pillow') ?? {};
  if (beyond > 0) throw new Error(`${at}: ${beyond} numbers are more than 1/255 away`);
}
