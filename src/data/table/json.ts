// JSON and JSON Lines as tables: a list of objects, alone or under a key of the file's object; an object a line; or pandas' columns
// ({"text": {"0": ...}}). Rows stream, but for pandas' columns, which have to be held. Invariant: an object within a row is read as columns named
// `outer.inner`, a list stays one cell, and a key that a row lacks is said.

import type { ByteSource } from '../../formats/bytes.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { Reading } from '../../protocol/reading.ts';
import { type EncodingFound, type TextBeginning, textPieces } from './encoding.ts';
import { columnsOfObjects, ObjectRows, objectCells } from './json_rows.ts';
import { JsonStream } from './json_stream.ts';
import { type JsonCell, JsonFault, JsonParser } from './json_value.ts';
import { RecordReader } from './records.ts';
import { cellTooLarge, emptyTable, type Row, type RowBatch, type RowRequest, type TableSource } from './table.ts';

/** pandas' columns stand one behind the other: no row is whole before the last was read. */
const MAX_COLUMNAR = 64 * 2 ** 20;

type Objects = Map<string, JsonCell>;
interface NumberedObject {
  readonly number: number;
  readonly cells: Objects;
}
interface ObjectBatch {
  readonly objects: readonly NumberedObject[];
  readonly bytesRead: number;
}

/** What the beginning of a text is, as JSON: a list or an object with keys in quotes, which no table in CSV begins with; undefined where it is none. */
export function jsonBeginning(text: string): 'list' | 'object' | undefined {
  if (/^\s*\{\s*(?:"|\}\s*$)/.test(text)) return 'object';
  if (/^\s*\[\s*(?:\{\s*["}]|\]\s*$)/.test(text)) return 'list';
  return undefined;
}

/** The end of the first object in `text`, or -1 where it goes on. */
function endOfObject(text: string): number {
  let [depth, inString] = [0, false];
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (inString) {
      if (c === '\\') i++;
      else if (c === '"') inString = false;
    } else if (c === '"') inString = true;
    else if (c === '{' || c === '[') depth++;
    else if ((c === '}' || c === ']') && --depth === 0) return i + 1;
  }
  return -1;
}

/** Errors: `not-json`, `not-rows`, and those of tables. */
export async function openJson(request: TextBeginning): Promise<TableSource> {
  const { file, encoding, sample, whole } = request;
  if (jsonBeginning(sample) === 'list') return openObjects(request, listed(file, encoding, undefined), 'json', 'a list of objects');
  const end = endOfObject(sample);
  const behind = end < 0 ? '' : sample.slice(end).trim();
  if (end >= 0 && (behind !== '' || !whole)) return openObjects(request, lines(file, encoding), 'json-lines', 'one object a line');
  const { key, columnar } = await findRows(file, encoding);
  if (key !== undefined) return openObjects(request, listed(file, encoding, key), 'json', `the list under ${JSON.stringify(key)}`);
  // One object that ends with the file, and no list of objects in it: pandas' columns, or a single row.
  if (columnar) return openObjects(request, columnwise(file, encoding), 'json', 'one object, a member for each column');
  return openObjects(request, lines(file, encoding), 'json-lines', 'one object a line');
}

type ObjectReader = (onNote?: (sentence: string) => void) => AsyncGenerator<ObjectBatch>;

/** Characters of the text whose rows tell the columns. */
const LOOKED_AT = 2 ** 20;

async function openObjects(
  { file, encoding }: TextBeginning,
  read: ObjectReader,
  format: Reading['format'],
  layout: string,
): Promise<TableSource> {
  const first: Objects[] = [];
  for await (const { objects, bytesRead } of read()) {
    first.push(...objects.map(({ cells }) => cells));
    if (bytesRead >= LOOKED_AT && first.length > 0) break;
  }
  const columns = columnsOfObjects(file.name, first);
  if (columns.length === 0) throw emptyTable(file.name, 'no rows');
  async function* rows({ columns: wanted, onNote }: RowRequest = {}): AsyncGenerator<RowBatch> {
    const objectRows = new ObjectRows(file.name, columns, wanted);
    for await (const { objects, bytesRead } of read(onNote)) {
      yield { rows: objects.map(({ number, cells }): Row => objectRows.row(number, cells)), bytesRead };
    }
    for (const note of objectRows.notes()) onNote?.(note);
  }
  const said = `${layout}, ${encoding.encoding.toUpperCase()}`;
  return {
    name: file.name,
    size: file.size,
    columns,
    header: true,
    reading: { format, header: true, encoding: encoding.encoding, said },
    rows,
  };
}

/** Rows of the file's list, or of the list under `key`. */
function listed(file: ByteSource, encoding: EncodingFound, key: string | undefined): ObjectReader {
  return async function* (onNote) {
    const stream = new JsonStream(file.name);
    const others = new Set<string>();
    for await (const { text, bytesRead } of textPieces(file, encoding)) {
      const elements = stream.push(text);
      for (const element of elements) if (element.key !== undefined && element.key !== key) others.add(element.key);
      const objects = elements
        .filter((element) => element.key === key)
        .map(({ number, text: object }) => ({ number, cells: objectCells(file.name, number, object) }));
      yield { objects, bytesRead };
    }
    stream.end();
    if (others.size > 0) {
      const names = [...others].slice(0, 5).map((other) => JSON.stringify(other));
      onNote?.(`${file.name} has other lists, which are passed over: ${names.join(', ')}.`);
    }
  };
}

function lines(file: ByteSource, encoding: EncodingFound): ObjectReader {
  return async function* () {
    // A line is a record of one cell without quotes.
    const reader = new RecordReader({ separator: '', quote: '' });
    const objectsOf = (records: ReturnType<RecordReader['push']>): NumberedObject[] =>
      records.flatMap(({ number, cells: [line = ''], fault }) => {
        if (fault !== undefined) throw cellTooLarge(file.name, number, '');
        return line.trim() === '' ? [] : [{ number, cells: objectCells(file.name, number, line) }];
      });
    for await (const { text, bytesRead } of textPieces(file, encoding)) {
      const objects = objectsOf(reader.push(text));
      if (reader.fault !== undefined) throw cellTooLarge(file.name, reader.number, '');
      yield { objects, bytesRead };
    }
    yield { objects: objectsOf(reader.end()), bytesRead: file.size };
  };
}

/** Under which key the rows stand: `data` where it is a list of objects near the beginning, else the first that is one. */
async function findRows(file: ByteSource, encoding: EncodingFound): Promise<{ key?: string; columnar: boolean }> {
  const stream = new JsonStream(file.name);
  const keys = new Set<string>();
  for await (const { text, bytesRead } of textPieces(file, encoding)) {
    for (const { key } of stream.push(text)) if (key !== undefined) keys.add(key);
    if (keys.size > 0 && bytesRead >= LOOKED_AT) break;
    if (bytesRead >= file.size) stream.end();
  }
  const [first] = keys;
  const key = keys.has('data') ? 'data' : first;
  return key === undefined
    ? { columnar: stream.members.length > 0 && stream.members.every(({ opens }) => opens !== 'other') }
    : { key, columnar: false };
}

/** pandas' to_json() without orient: each column an object from the index to its cell; also each column a list. */
function columnwise(file: ByteSource, encoding: EncodingFound): ObjectReader {
  return async function* () {
    if (file.size > MAX_COLUMNAR) {
      throw new RetraceError({
        code: 'not-rows',
        message: `${file.name} holds its columns one behind the other and has ${file.size} bytes; at most ${MAX_COLUMNAR} are read in this form.`,
        where: file.name,
        remedy: 'Write it row by row: pandas does so by to_json(orient="records", lines=True).',
      });
    }
    let text = '';
    for await (const piece of textPieces(file, encoding)) text += piece.text;
    yield { objects: columnsOfText(file.name, text), bytesRead: file.size };
  };
}

function columnsOfText(name: string, text: string): NumberedObject[] {
  const rows = new Map<string, Objects>();
  const put = (index: string, column: string, cell: JsonCell): void => {
    const row = rows.get(index) ?? new Map<string, JsonCell>();
    rows.set(index, row.set(column, cell));
  };
  const wrong = (why: string): RetraceError =>
    new RetraceError({
      code: 'not-rows',
      message: `${name} is JSON, but neither a list of objects nor columns: ${why}.`,
      where: name,
      remedy: 'Write it as a list of objects, one for each row: pandas does so by to_json(orient="records").',
    });
  try {
    const parser = new JsonParser(text);
    parser.object((column) => {
      if (parser.next === '{') parser.object((index) => put(index, column, parser.cell()));
      else if (parser.next === '[') {
        let index = 0;
        parser.array(() => put(String(index++), column, parser.cell()));
      } else throw wrong(`its member ${JSON.stringify(column)} is neither a list nor an object`);
    });
    parser.end();
  } catch (thrown) {
    if (!(thrown instanceof JsonFault)) throw thrown;
    throw new RetraceError({
      code: 'not-json',
      message: `${name} is not sound JSON: ${thrown.message}, at character ${thrown.at + 1}.`,
      where: name,
      remedy: 'Export the file again; it may be cut off.',
    });
  }
  return [...rows.values()].map((cells, i) => ({ number: i + 1, cells }));
}
