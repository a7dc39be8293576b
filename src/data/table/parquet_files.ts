// Several Parquet files as one table: the parts of a split on the hub, whose reads are requests. Footers are read first; of what is far larger than what will be
// held, only some row groups are, drawn by the seed. Invariant: the same files, bounds, columns and seed give the same rows, wherever they are read.

import type { ByteSource } from '../../formats/bytes.ts';
import { RetraceError } from '../../protocol/errors.ts';
import { countText } from '../../protocol/sentences.ts';
import { permutation, randomKey, siteId } from '../../random/counter.ts';
import { endFirst } from './joined_reads.ts';
import { openParquet, type ParquetTable } from './parquet.ts';
import type { ClassNames } from './parquet_schema.ts';
import type { Bounds, Drawn, RowBatch, RowRequest, TableSource } from './table.ts';

/** Of more files than these a footer each is too much to ask for: as many are drawn. */
const MOST_FILES = 32;
/** Files whose footers are asked for at a time. */
const AT_A_TIME = 4;
const READ_FREELY = 32 * 2 ** 20;

export interface SplitFiles {
  /** Of all of them together, for messages. */
  readonly name: string;
  /** In the order of their rows; at least one. */
  readonly files: readonly ByteSource[];
  /** Names of classes by column, where the files have none. */
  readonly classes?: ClassNames | undefined;
  /** Where it is known beforehand. */
  readonly rowCount?: number | undefined;
  /** Bytes of columns that are read whole, however few rows are wanted: any sample of them is then a uniform one. */
  readonly readFreely?: number;
}

interface Group {
  readonly file: number;
  readonly at: number;
  readonly rows: number;
  readonly bytes: number;
  readonly unpacked: number;
  readonly pictures: number;
}

const sum = <T>(list: readonly T[], of: (item: T) => number): number => list.reduce((total, item) => total + of(item), 0);

/** Files that are opened when they are wanted, each once; all have the columns of the first. */
class Files {
  readonly #sources: readonly ByteSource[];
  readonly #classes: ClassNames | undefined;
  readonly #opened = new Map<number, Promise<ParquetTable>>();

  constructor({ files, classes }: SplitFiles) {
    this.#sources = files;
    this.#classes = classes;
  }

  open(at: number): Promise<ParquetTable> {
    const opened = this.#opened.get(at) ?? this.#first(at);
    this.#opened.set(at, opened);
    opened.catch(() => this.#opened.delete(at));
    return opened;
  }

  async #first(at: number): Promise<ParquetTable> {
    const source = this.#sources[at];
    if (source === undefined) throw new RangeError(`file ${at} of ${this.#sources.length}`);
    const table = await openParquet(endFirst(source), { classes: this.#classes, reads: 'requests' });
    if (at > 0) requireSame(await this.open(0), table);
    return table;
  }

  /** In the order in which they are given. */
  async all(wanted: readonly number[]): Promise<ParquetTable[]> {
    for (let i = 0; i < wanted.length; i += AT_A_TIME) await Promise.all(wanted.slice(i, i + AT_A_TIME).map((at) => this.open(at)));
    return Promise.all(wanted.map((at) => this.open(at)));
  }
}

/** Error `files-differ`. */
function requireSame(first: ParquetTable, other: ParquetTable): void {
  const columnsOf = ({ columns }: ParquetTable) => columns.map(({ name, is }) => `${name}: ${is}`).join(', ');
  const [wanted, found] = [columnsOf(first), columnsOf(other)];
  if (wanted === found) return;
  throw new RetraceError({
    code: 'files-differ',
    message: `The files of the split have other columns: ${first.name} has ${wanted}; ${other.name} has ${found}.`,
    where: other.name,
    remedy: 'Choose another split or configuration, or download the files and give one of them.',
  });
}

/** Opens the first file, and the others where they are few. Errors: those of Parquet, `files-differ`. */
export async function openParquetFiles(given: SplitFiles): Promise<TableSource & Pick<ParquetTable, 'described'>> {
  const files = new Files(given);
  const places = given.files.map((_, i) => i);
  const few = places.length <= MOST_FILES;
  const [first, ...others] = few ? await files.all(places) : [await files.open(0)];
  if (first === undefined) throw new RangeError('a split without files');
  const rowCount = few ? sum([first, ...others], (table) => table.rowCount) : given.rowCount;
  return {
    name: given.name,
    size: sum(given.files, ({ size }) => size),
    columns: first.columns,
    header: true,
    described: first.described,
    ...(rowCount === undefined ? {} : { rowCount }),
    reading: {
      ...first.reading,
      said: `${places.length === 1 ? '' : `${countText(places.length)} files, the first with `}${first.reading.said}`,
    },
    rows: (request) => rowsOf(files, places, request),
    drawn: (bounds) => draw(given, files, rowCount, bounds),
  };
}

/** Rows of files, numbered on from file to file; with `groups`, of these alone. */
async function* rowsOf(
  files: Files,
  places: readonly number[],
  { onNote, ...request }: RowRequest = {},
  groups?: ReadonlyMap<number, ReadonlySet<number>>,
): AsyncGenerator<RowBatch> {
  const notes = new Set<string>();
  let [rowsBefore, bytesBefore] = [0, 0];
  for (const place of places) {
    const table = await files.open(place);
    const wanted = groups?.get(place);
    if (groups === undefined || wanted !== undefined) {
      for await (const { rows, bytesRead } of table.rows({
        ...request,
        ...(wanted ? { groups: wanted } : {}),
        before: rowsBefore,
        onNote: (note) => notes.add(note),
      }))
        yield { rows: rows.map((row) => ({ ...row, number: rowsBefore + row.number })), bytesRead: bytesBefore + bytesRead };
      bytesBefore += table.size;
    }
    rowsBefore += table.rowCount;
  }
  for (const note of notes) onNote?.(note);
}

/** Row groups in an order that the seed draws, until they hold as many rows as the bounds allow. Undefined where all should be read. */
async function draw(
  { name, files: sources, readFreely = READ_FREELY }: SplitFiles,
  files: Files,
  rowCount: number | undefined,
  { maxRows, maxCharacters, maxPictureBytes, seed, columns }: Bounds,
): Promise<Drawn | undefined> {
  const order = Array.from(permutation(randomKey(seed, 0, siteId('data.files')), sources.length));
  const places = (sources.length <= MOST_FILES ? order : order.slice(0, MOST_FILES)).sort((a, b) => a - b);
  const tables = await files.all(places);
  const groups = tables.flatMap((table, i) =>
    table
      .groups(columns, maxPictureBytes === undefined ? undefined : 'bytes')
      .map((size, at): Group => ({ file: places[i] ?? 0, at, ...size })),
  );
  const all = (of: (group: Group) => number): number => (sum(groups, of) / places.length) * sources.length;
  const rows = rowCount ?? Math.round(all((group) => group.rows));
  const mostPictures = maxPictureBytes ?? Number.POSITIVE_INFINITY;
  // Characters beyond the bound are dropped once they are read; pictures are kept as they come.
  const twiceAtMost =
    rows <= 2 * maxRows && all(({ unpacked }) => unpacked) <= 2 * maxCharacters && all(({ pictures }) => pictures) <= mostPictures;
  const isFree = all(({ bytes }) => bytes) <= readFreely;
  if (places.length === sources.length && (twiceAtMost || isFree)) return undefined;

  const taken = new Map<number, Set<number>>();
  let [takenGroups, takenRows, bytes, unpacked, pictures] = [0, 0, 0, 0, 0];
  for (const i of permutation(randomKey(seed, 0, siteId('data.groups')), groups.length)) {
    if (bytes >= readFreely && (takenRows >= maxRows || unpacked >= maxCharacters || pictures >= mostPictures)) break;
    const group = groups[i];
    if (group === undefined || group.rows === 0) continue;
    taken.set(group.file, (taken.get(group.file) ?? new Set()).add(group.at));
    takenGroups++;
    takenRows += group.rows;
    bytes += group.bytes;
    unpacked += group.unpacked;
    pictures += group.pictures;
  }
  if (takenGroups === groups.length && places.length === sources.length) return undefined;
  const first = await files.open(0);
  const used = places.filter((place) => taken.has(place));
  return {
    of: rows,
    from: `${countText(takenGroups)} of ${countText(groups.length)} row groups${places.length === sources.length ? '' : ` of ${countText(places.length)} of its ${countText(sources.length)} files`}`,
    source: {
      ...{ name, columns: first.columns, header: true, reading: first.reading, rowCount: takenRows },
      size: sum(used, (place) => sources[place]?.size ?? 0),
      rows: (request) => rowsOf(files, places, request, taken),
    },
  };
}
