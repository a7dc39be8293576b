// A file of rows far larger than the heap: how much memory it takes to open, preview and sample it, and how fast its rows are read. Makes the file
// in a temporary folder first (2 GB, or as many MB as are named), and each step runs in a process of its own, so that its peak is its own, which
// may have no more than 200 MB of heap: left alone, V8 lets garbage pile up to several times what is held, and a peak says nothing.
// Heap is what V8 holds at its fullest, looked at every few milliseconds; rss is the whole process, the engine's code and file buffers with it.

import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openAsBlob, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileWriter, ParquetWriter } from 'hyparquet-writer';
import { markdownTable } from '../cli/format.ts';
import { openTable } from '../src/data/table/open.ts';
import { countRows, readBeginning, readTable } from '../src/data/table/sample.ts';
import { blobSource } from '../src/hub/folder.ts';

const formats = {
  csv: { begin: 'id,text,label\n', row: (i: number) => `${i},"${textOf(i)}, he said ""so""",class ${i % 7}\n`, between: '', end: '' },
  jsonl: { begin: '', row: (i: number) => `{"id": ${i}, "text": "${textOf(i)}", "label": "class ${i % 7}"}\n`, between: '', end: '' },
  json: { begin: '[', row: (i: number) => `{"id": ${i}, "text": "${textOf(i)}", "label": "class ${i % 7}"}`, between: ',\n', end: ']' },
} as const;
type Format = keyof typeof formats | 'parquet';
const formatNames: readonly Format[] = ['csv', 'jsonl', 'json', 'parquet'];

const steps = {
  preview: async (path: string) => {
    const { rows, counted } = await readBeginning(await source(path));
    return `${counted === 'exactly' ? '' : 'about '}${rows} rows`;
  },
  sample: async (path: string) => {
    const { rows, sampledFrom } = await readTable(await source(path), { maxRows: 50_000 });
    return `${rows.length} of ${sampledFrom} rows`;
  },
  'sample by default': async (path: string) => {
    const { rows, sampledFrom } = await readTable(await source(path));
    return `${rows.length} of ${sampledFrom ?? rows.length} rows`;
  },
  count: async (path: string) => `${(await countRows(await source(path))).count} rows`,
} as const;
type Step = keyof typeof steps;

/** Old and young generation together stay below 200 MB. */
const ceiling = ['--max-old-space-size=168', '--max-semi-space-size=8'];

const textOf = (i: number): string => `the ${i % 1013}th text of ${i}, which is about as long as a review's first sentence is, or a tweet`;
const source = async (path: string) => openTable(blobSource(path, await openAsBlob(path)));

function write(path: string, format: keyof typeof formats, bytes: number): void {
  const { begin, row, between, end } = formats[format];
  const file = openSync(path, 'w');
  let written = writeSync(file, begin);
  for (let i = 0; written < bytes; ) {
    const rows = Array.from({ length: 10_000 }, () => row(i++));
    const more = written + rows.length * 100 < bytes * 2 ? rows.join(between) : '';
    written += writeSync(file, (i > rows.length ? between : '') + more);
  }
  writeSync(file, end);
  closeSync(file);
}

/** As pyarrow writes it by default: a million rows in a group, pages of a megabyte. */
const GROUP = 2 ** 20;

function writeParquet(path: string, bytes: number): void {
  const schema: ConstructorParameters<typeof ParquetWriter>[0]['schema'] = [
    { name: 'root', num_children: 3 },
    { name: 'id', type: 'INT64', repetition_type: 'OPTIONAL' },
    { name: 'text', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
    { name: 'label', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
  ];
  const writer = fileWriter(path);
  const parquet = new ParquetWriter({ writer, schema, codec: 'UNCOMPRESSED' });
  for (let begin = 0; writer.offset < bytes; begin += GROUP) {
    const columnOf = <T>(name: string, cell: (i: number) => T) => ({
      name,
      data: Array.from({ length: GROUP }, (_, i) => cell(begin + i)),
    });
    parquet.write({
      columnData: [columnOf('id', BigInt), columnOf('text', textOf), columnOf('label', (i) => `class ${i % 7}`)],
      rowGroupSize: GROUP,
    });
  }
  parquet.finish();
}

interface Measured {
  readonly heap: number;
  readonly rss: number;
  readonly seconds: number;
  readonly result: string;
}

async function measure(step: Step, path: string): Promise<Measured> {
  let [heap, rss] = [0, 0];
  const look = (): void => {
    const now = process.memoryUsage();
    [heap, rss] = [Math.max(heap, now.heapUsed), Math.max(rss, now.rss)];
  };
  const watch = setInterval(look, 5);
  const begun = performance.now();
  const result = await steps[step](path);
  look();
  clearInterval(watch);
  // Not resourceUsage().maxRSS: on Linux that begins with what the process that started this one had.
  return { heap, rss, seconds: (performance.now() - begun) / 1000, result };
}

/** `of`: formats, megabytes; within: one step on one file. */
export async function run(json: boolean, of: readonly string[]): Promise<void> {
  const [first = '', path = ''] = of;
  const inner = (Object.keys(steps) as Step[]).find((step) => step.replaceAll(' ', '-') === first);
  if (inner !== undefined) {
    process.stdout.write(`${JSON.stringify(await measure(inner, path))}\n`);
    return;
  }
  const megabytes = Number(of.find((word) => /^\d+$/.test(word)) ?? 2000);
  const named = formatNames.filter((format) => of.includes(format));
  const folder = mkdtempSync(join(tmpdir(), 'retrace-table-'));
  const rows: string[][] = [];
  const measured: object[] = [];
  try {
    for (const format of named.length > 0 ? named : (['csv'] as const)) {
      const file = join(folder, `rows.${format}`);
      if (format === 'parquet') writeParquet(file, megabytes * 1e6);
      else write(file, format, megabytes * 1e6);
      for (const step of Object.keys(steps) as Step[]) {
        const bench = fileURLToPath(new URL('../scripts/bench.mjs', import.meta.url));
        const { stdout, stderr } = spawnSync(process.execPath, [...ceiling, bench, 'large_table', step.replaceAll(' ', '-'), file], {
          encoding: 'utf8',
        });
        if (stdout.trim() === '') throw new Error(`${step} of ${format}: ${stderr}`);
        const { heap, rss, seconds, result } = JSON.parse(stdout) as Measured;
        measured.push({ format, megabytes, step, heap, rss, seconds, result });
        const megabytesOf = (bytes: number): string => (bytes / 1e6).toFixed(0);
        rows.push([`${format}, ${megabytes} MB`, step, megabytesOf(heap), megabytesOf(rss), seconds.toFixed(1), result]);
      }
      rmSync(file);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.stdout.write(
    json
      ? `${JSON.stringify(measured)}\n`
      : `${markdownTable([['file', 'step', 'peak heap, MB', 'peak rss, MB', 'seconds', 'gives'], ...rows])}\n`,
  );
}
