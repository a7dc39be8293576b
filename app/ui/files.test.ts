import { expect, test } from 'vitest';
import { dataOfFiles } from './files.ts';

const file = (name: string) => new File(['x'], name);

test('a file of rows takes the file of its labels with it, in whichever order they are given', () => {
  const [rows, labels, other] = [file('train.jsonl'), file('train-labels.lst'), file('valid.jsonl')];
  const both = { kind: 'file', name: 'train.jsonl', blob: rows, labels: { name: 'train-labels.lst', blob: labels } };
  expect(dataOfFiles([labels, rows])).toEqual(both);
  expect(dataOfFiles([other, rows, labels])).toEqual(both);
  expect(dataOfFiles([other, labels])).toEqual({ kind: 'file', name: 'valid.jsonl', blob: other });
  expect(dataOfFiles([])).toBeUndefined();
});
