// A zip as a set of pictures: what its directory lists, each file opened when it is needed. Not here: how zips are read (formats/zip_files.ts), and what the
// folders in it mean (folder.ts).

import type { ByteSource } from '../../formats/bytes.ts';
import { openZip } from '../../formats/zip_files.ts';
import type { PictureListing } from './listing.ts';

/** `whole`: the same bytes as a Blob, where there is one: stored pictures are then slices of it. Errors: `zip-*`. */
export async function zipListing(file: ByteSource, whole?: Blob): Promise<PictureListing> {
  const { files, folders } = await openZip(file, whole);
  return { name: file.name, files, folders };
}
