// How long the checks of a table take: a million rows by default, drawn, with repeated texts and labels that look alike. No device.

import { checkRows, checkSplit } from '../src/data/checks/checks.ts';
import { checkedRows } from '../src/data/checks/rows.ts';
import type { Table } from '../src/data/table/table.ts';

const words = ['river', 'garden', 'letter', 'window', 'market', 'guitar', 'bridge', 'Café', 'évident', 'the', 'of', 'and', 'near', 'on'];

/** Rows of some 90 characters; one in fifty repeats another. */
function drawn(rows: number): Table {
  let state = 1;
  const next = (below: number): number => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
  const sentence = (): string => Array.from({ length: 14 }, () => words[next(words.length)]).join(' ');
  const cells: string[][] = [];
  for (let i = 0; i < rows; i++) {
    const text = i % 50 === 49 ? (cells[next(i)]?.[0] ?? '') : `${sentence()} ${i}`;
    cells.push([text, `${i % 1000 === 0 ? 'Class' : 'class'} ${next(200)}`]);
  }
  return { name: 'drawn.csv', columns: ['text', 'label'], rows: cells, rowNumbers: cells.map((_, i) => i + 2), header: true };
}

export async function run(json: boolean, of: readonly string[]): Promise<void> {
  const rows = Number(of[0] ?? 1_000_000);
  const table = drawn(rows);
  // Processor time: other work on the machine doesn't count.
  const timed = <T>(work: () => T): readonly [T, number] => {
    const begun = process.cpuUsage();
    const result = work();
    return [result, process.cpuUsage(begun).user / 1000];
  };
  const [checked, forms_ms] = timed(() => checkedRows(table, { textColumn: 'text', labelColumn: 'label' }));
  const [own, checks_ms] = timed(() => checkRows(checked));
  const held = new Set(table.rows.flatMap((_, i) => (i % 10 === 0 ? [i] : [])));
  const [between, split_ms] = timed(() => checkSplit(checked, { held }));
  const result = { rows, forms_ms, checks_ms, split_ms, total_ms: forms_ms + checks_ms + split_ms };
  const found = [...own, ...between];
  if (json) console.log(JSON.stringify({ ...result, found: found.map(({ code, rows: [first] }) => [code, first?.count]) }));
  else {
    for (const [name, value] of Object.entries(result)) console.log(`${name.padEnd(10)} ${Math.round(value).toLocaleString('en-US')}`);
    for (const { message } of found) console.log(`\n${message}`);
  }
}
