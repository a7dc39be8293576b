// Pictures that stand in a file of rows, put in a place of their own while the rows are read, so that none is held. Knows no format.
// Invariant: a cell of the table names one picture, in whatever rows and columns the file uses a name again.

import type { PictureFile } from '../pictures/picture.ts';
import type { Column, Pictures, Row } from './table.ts';

/** Takes bytes one behind the other, and gives all of them at the end. */
export interface BytesPlace {
  write(bytes: Uint8Array): Promise<void>;
  end(): Promise<Blob>;
}

interface Stretch {
  readonly begin: number;
  readonly size: number;
}

export class KeptPictures {
  readonly #place: BytesPlace;
  /** Of each row that was kept, by its number: one for each cell. */
  readonly #found = new Map<number, readonly (Stretch | undefined)[]>();
  #at = 0;

  constructor(place: BytesPlace) {
    this.#place = place;
  }

  async add({ number, pictures = [] }: Row): Promise<void> {
    const stretches: (Stretch | undefined)[] = [];
    for (const bytes of pictures) {
      stretches.push(bytes && { begin: this.#at, size: bytes.length });
      if (bytes === undefined) continue;
      await this.#place.write(bytes);
      this.#at += bytes.length;
    }
    this.#found.set(number, stretches);
  }

  /** The rows, whose cells name one picture each, and the pictures of those rows alone. */
  async end(rows: readonly Row[], columns: readonly Column[]): Promise<{ readonly rows: readonly Row[]; readonly pictures: Pictures }> {
    const all = await this.#place.end();
    const used = new Map<string, number>();
    for (const { number, cells } of rows)
      for (const [at, cell] of cells.entries()) if (this.#found.get(number)?.[at]) used.set(cell, (used.get(cell) ?? 0) + 1);
    const several = columns.filter(({ kind }) => kind === 'image').length > 1;
    const pictures = new Map<string, PictureFile>();
    const named = rows.map(({ number, cells }): Row => {
      const own = cells.map((cell, at) => {
        const stretch = this.#found.get(number)?.[at];
        if (stretch === undefined) return cell;
        let path = used.get(cell) === 1 ? cell : `${cell} (${several ? `${columns[at]?.name}, ` : ''}row ${number})`;
        while (pictures.has(path)) path += ' again';
        const { begin, size } = stretch;
        pictures.set(path, { path, size, blob: async () => all.slice(begin, begin + size) });
        return path;
      });
      return { number, cells: own };
    });
    return { rows: named, pictures };
  }
}
