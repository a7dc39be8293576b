// For tests of the page: pictures that are told apart by their colours.

import { png } from '../test/small_pictures.ts';

const colours = { blue: [30, 60, 220], green: [30, 200, 60], red: [220, 40, 30] } as const;
export type Colour = keyof typeof colours;
export const colourNames = Object.keys(colours) as Colour[];

/** A picture of one colour, lighter and darker by its number. */
export async function picture(colour: Colour, number: number): Promise<Buffer> {
  const side = 14;
  const [red, green, blue] = colours[colour];
  const shade = (value: number, c: number, at: number): number => Math.min(255, value + ((number * 7 + at * (c + 1)) % 25));
  const drawn = png(side, side, (x, y) => {
    const at = y * side + x;
    return [shade(red, 0, at), shade(green, 1, at), shade(blue, 2, at)];
  });
  return Buffer.from(await drawn.arrayBuffer());
}

/** By path, of each colour twelve to train on and four to evaluate with; two of the red ones lie in the folder of the blue ones. */
export async function filesOfColours(): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  for (const colour of colourNames) {
    for (let i = 0; i < 12; i++) files[`train/${colour}/${i}.png`] = await picture(colour, i);
    for (let i = 0; i < 4; i++) files[`validation/${colour}/${i}.png`] = await picture(colour, 20 + i);
  }
  for (let i = 0; i < 2; i++) files[`validation/blue/wrong ${i}.png`] = await picture('red', 30 + i);
  return files;
}
