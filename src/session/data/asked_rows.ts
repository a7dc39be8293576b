// Rows of a file that are asked about, as a task reads rows that do not say what is learned. Its columns are found and its faults looked for before any is read;
// the rows then come batch by batch, however many there are. Not here: what is predicted of them (predict.ts).

import type { ChosenColumns } from '../../data/columns/choose.ts';
import { unlabelledLayout, usualColumns } from '../../data/columns/usual.ts';
import { countRows } from '../../data/table/sample.ts';
import type { Pictures, Row, Table } from '../../data/table/table.ts';
import type { Columns, DataRef, NamedColumns } from '../../protocol/config.ts';
import type { AskedText } from '../../protocol/messages.ts';
import type { Task } from '../../tasks/task.ts';
import { askedExample } from '../engine/predict.ts';
import type { Host } from '../host.ts';
import { beginningOf, foundColumns, type OnDataProgress, openData, tellReading } from './rows.ts';

export interface AskedRow extends AskedText {
  /** Of the file. */
  readonly row: number;
}

export interface AskedRows extends ChosenColumns {
  readonly count: number;
  /** How the file was read, in sentences. */
  readonly reading: readonly string[];
  /** Errors: those of the task's rows, each with the number of the row. */
  rows(): AsyncIterable<readonly AskedRow[]>;
}

export interface AskedData {
  readonly task: Task;
  readonly data: DataRef;
  readonly named: NamedColumns;
  /** The columns of the run that trained, which are taken where the file has them and no other text is named. */
  readonly usual?: Columns | undefined;
}

function columnsOf(table: Table, { task, named, usual }: AskedData): ChosenColumns {
  const bare = unlabelledLayout(usual);
  const { target: _, ...untold } = bare ?? {};
  return usualColumns(table, 'the run', [bare, bare && untold], named) ?? task.unlabelled.columnsOf(table, named);
}

/** Pictures that stand in the rows themselves. */
const picturesIn = (rows: readonly Row[]): Pictures =>
  new Map(
    rows.flatMap(({ cells, pictures = [] }) =>
      pictures.flatMap((bytes, i) => {
        const path = cells[i] ?? '';
        return bytes === undefined
          ? []
          : [[path, { path, size: bytes.length, blob: async () => new Blob([new Uint8Array(bytes)]) }] as const];
      }),
    ),
  );

/** Opens them. Errors: those of the file's format, of the task's columns, and `not-texts`. */
export async function openAskedRows(asked: AskedData, host: Host, onProgress?: OnDataProgress): Promise<AskedRows> {
  const { task, data } = asked;
  const read = task.reads?.(data) ?? data;
  const opening = { inputs: task.inputs, to: 'predict' } as const;
  const { source: likely } = await openData(read, host, opening);
  const chosen = columnsOf((await beginningOf(read, host, likely, opening)).table, asked);
  const wanted = foundColumns(likely, chosen.columns).places;
  const { source, count, notes } = await countRows(likely, { columns: wanted, onProgress: tellReading(likely.name, onProgress) });
  const columns = wanted.map((at) => source.columns[at]?.name ?? String(at));
  const { choice } = foundColumns(source, chosen.columns);
  async function* rows() {
    for await (const { rows: batch } of source.rows({ columns: wanted, pictures: 'bytes' })) {
      const rowNumbers = batch.map(({ number }) => number);
      const table = {
        pictures: source.pictures ?? picturesIn(batch),
        name: source.name,
        header: source.header,
        columns,
        rows: batch.map(({ cells }) => cells),
        rowNumbers,
      };
      const examples = task.unlabelled.examplesOf(table, choice);
      yield await Promise.all(examples.map(async (one, i) => ({ row: rowNumbers[i] as number, ...(await askedExample(one)) })));
    }
  }
  return { ...chosen, count, reading: [source.reading.said, ...notes], rows };
}
