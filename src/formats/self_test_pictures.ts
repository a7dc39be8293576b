// The pictures of a self-test, in a file of their own beside the adapter: as the model's squares of 8-bit pixels, so that whoever loads the adapter needs no
// decoder to compare logits. What makes numbers of pixels stands in the self-test itself. Invariant: as many pictures as rows of logits.

import { refuseAdapter } from './adapter_archive.ts';
import { bytesOf } from './bytes.ts';
import { openSafetensors, writeSafetensors } from './safetensors.ts';
import type { ArchiveFile } from './zip.ts';

export const SELF_TEST_PICTURES = 'self_test.safetensors';
const TENSOR = 'pixels';

/** `pictures`: [S, S, 3] each. */
export function selfTestPicturesFile(pictures: readonly Uint8Array[] = []): ArchiveFile[] {
  const [first] = pictures;
  if (first === undefined) return [];
  const S = Math.sqrt(first.length / 3);
  const bytes = new Uint8Array(first.length * pictures.length);
  for (const [i, picture] of pictures.entries()) bytes.set(picture, i * first.length);
  const tensor = { name: TENSOR, dtype: 'U8', shape: [pictures.length, S, S, 3], bytes } as const;
  return [{ path: SELF_TEST_PICTURES, bytes: writeSafetensors([tensor], { format: 'pt' }) }];
}

/** Those of an adapter's files, `count` of them; undefined where there is no such file. Error `bad-self-test`. */
export async function readSelfTestPictures(
  files: ReadonlyMap<string, Uint8Array>,
  count: number,
): Promise<readonly Uint8Array<ArrayBuffer>[] | undefined> {
  const file = files.get(SELF_TEST_PICTURES);
  if (file === undefined) return undefined;
  const opened = await openSafetensors(bytesOf(SELF_TEST_PICTURES, file));
  const entry = opened.tensors.get(TENSOR);
  const [n, height, width, channels] = entry?.shape ?? [];
  if (entry?.dtype !== 'U8' || entry.shape.length !== 4 || n !== count || height !== width || channels !== 3) {
    refuseAdapter(
      'bad-self-test',
      `${SELF_TEST_PICTURES} should have a tensor '${TENSOR}' [${count}, S, S, 3] of U8; it has ${entry === undefined ? 'none' : `[${entry.shape.join(', ')}] of ${entry.dtype}`}.`,
      SELF_TEST_PICTURES,
    );
  }
  const bytes = await opened.source.read(entry.begin, entry.end);
  const size = bytes.length / Math.max(1, count);
  return Array.from({ length: count }, (_, i) => new Uint8Array(bytes.slice(i * size, (i + 1) * size)));
}
