// Sets of pictures that are damaged at random: each is read, or refused by an error that says what is wrong.

import { readFileSync } from 'node:fs';
import { zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { bytesOf } from '../../formats/bytes.ts';
import { RetraceError } from '../../protocol/errors.ts';
import { openTable } from '../table/open.ts';
import { readTable } from '../table/sample.ts';
import type { Table } from '../table/table.ts';
import { openPictures } from './folder.ts';
import { pngOf } from './testing.ts';
import { zipListing } from './zip.ts';

const ROUNDS = 250;
const SEED = 7;

/** Bytes of `sound` changed in one to four places, half of them near the end, where directories and footers are; now and then cut. */
function* damaged(sound: Uint8Array): Generator<Uint8Array> {
  let state = SEED;
  const below = (most: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = sound.slice();
    for (let i = below(4); i >= 0; i--) {
      const at = below(2) === 0 ? below(bytes.length) : bytes.length - 1 - below(Math.min(600, bytes.length));
      bytes[at] = below(3) === 0 ? 255 : below(256);
    }
    yield below(6) === 0 ? bytes.slice(0, below(bytes.length)) : bytes;
  }
}

async function judged(sound: Uint8Array, read: (bytes: Uint8Array) => Promise<Table>): Promise<void> {
  let refused = 0;
  for (const bytes of damaged(sound)) {
    try {
      const { pictures } = await read(bytes);
      for (const picture of pictures?.values() ?? []) await picture.blob();
    } catch (thrown) {
      if (!(thrown instanceof RetraceError)) throw thrown;
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(ROUNDS / 5);
  expect(refused).toBeLessThan(ROUNDS);
}

test.each([0, 9] as const)(`zips of level %i, seed ${SEED}`, async (level) => {
  const png = new Uint8Array(await pngOf('x'.repeat(500)).arrayBuffer());
  const zip = zipSync({ cat: { '1.png': png, '2.png': png }, dog: { '1.png': png }, 'bird/': new Uint8Array(0) }, { level });
  await judged(zip, async (bytes) =>
    readTable(await openPictures(await zipListing(bytesOf('a.zip', bytes), new Blob([new Uint8Array(bytes)])))),
  );
});

const { files } = JSON.parse(readFileSync(new URL('vectors/parquet.json', import.meta.url), 'utf8')) as {
  readonly files: Readonly<Record<string, string>>;
};
const inMemory = async () => {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  return { write: async (bytes: Uint8Array) => void parts.push(new Uint8Array(bytes)), end: async () => new Blob(parts) };
};
const readParquet = async (bytes: Uint8Array) => readTable(await openTable(bytesOf('a.parquet', bytes)), { place: inMemory });

test.each(Object.entries(files))(`Parquet, seed ${SEED}: %s`, (_, base64) =>
  judged(Uint8Array.from(Buffer.from(base64, 'base64')), readParquet),
);

test('a chunk of a column that the schema lacks is refused before the library waits for another', async () => {
  const bytes = Uint8Array.from(Buffer.from(files['many pages'] ?? '', 'base64'));
  const at = Buffer.from(bytes).lastIndexOf('bytes');
  bytes[at] = 'B'.charCodeAt(0);
  await expect(readParquet(bytes)).rejects.toThrow('row group 2 has a column "image.Bytes" that its schema lacks');
});
