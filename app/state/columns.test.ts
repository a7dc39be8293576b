import { expect, test } from 'vitest';
import type { TaskCard } from '../../src/protocol/cards.ts';
import { canPlay, guessesOf, missingParts, partsOf, partsText, roleOf, withRole } from './columns.ts';

const columns = { text: 'a', label: 'b' };
type Task = Pick<TaskCard, 'learns' | 'parts'>;
const classes: Task = { learns: 'class', parts: { needed: ['text', 'label'], optional: ['text_pair'] } };
const choices: Task = { learns: 'choice', parts: { needed: ['text', 'choices', 'label'], optional: ['text_pair'] } };

test('a role that is given to another column is taken from the first', () => {
  const next = withRole(columns, 'c', 'label');
  expect(next).toEqual({ text: 'a', label: 'c' });
  expect(roleOf(next, 'b')).toBe('ignore');
});

test('a column plays one part at a time, and a part that nobody plays is missed', () => {
  const next = withRole(columns, 'a', 'label');
  expect(next).toEqual({ label: 'a' });
  expect(missingParts(next, classes).map(({ role }) => role)).toEqual(['text']);
  expect(withRole(columns, 'c', 'text_pair')).toEqual({ text: 'a', text_pair: 'c', label: 'b' });
});

test('answers stand in several columns, one of which may be the right one', () => {
  const two = withRole(withRole(columns, 'c', 'choices'), 'd', 'choices');
  expect(two).toEqual({ text: 'a', label: 'b', choices: ['c', 'd'] });
  expect(missingParts(two, choices)).toEqual([]);
  const one = withRole(two, 'c', 'ignore');
  expect(one.choices).toEqual(['d']);
  expect(missingParts(withRole(one, 'd', 'ignore'), choices).map(({ title }) => title)).toEqual(['Answers']);
  const sciq = { text: 'support', text_pair: 'question', choices: ['wrong', 'right'], label: 'right' };
  expect(roleOf(sciq, 'right')).toBe('label');
  expect(roleOf(sciq, 'wrong')).toBe('choices');
});

test('each kind of task misses its own parts, and lists hold answers alone', () => {
  const missing = (task: Task) => partsText(missingParts(undefined, task));
  expect(missing({ ...classes, learns: 'number' })).toBe('the text and the number');
  expect(missing(choices)).toBe('the text, the answers and the right answer');
  expect(missing({ learns: 'text', parts: { needed: ['text', 'target'], optional: [] } })).toBe('the source and the target');
  expect(missing({ learns: 'continuation', parts: { needed: ['text'], optional: [] } })).toBe('the text');
  expect(partsOf(choices).filter(({ role }) => canPlay('list', role))).toMatchObject([{ role: 'choices' }]);
  expect(partsOf(choices).filter(({ role }) => canPlay('object', role))).toEqual([]);
});

test('a column of pictures is the picture and nothing else is', () => {
  const pictures: Task = { learns: 'class', parts: { needed: ['image', 'label'], optional: [] } };
  expect(partsText(missingParts(undefined, pictures))).toBe('the picture and the label');
  expect(partsOf(pictures).filter(({ role }) => canPlay('image', role))).toEqual([{ role: 'image', title: 'Picture' }]);
  expect(partsOf(pictures).filter(({ role }) => canPlay('text', role))).toEqual([{ role: 'label', title: 'Label' }]);
  expect(withRole({ image: 'a', label: 'b' }, 'c', 'label')).toEqual({ image: 'a', label: 'c' });
});

test('a guess is explained as long as its column keeps the part, and a second text can be taken away', () => {
  const guess = { text: 'a', text_pair: 'c', label: 'b' };
  const preview = { guess, reasons: { text: 'it is long', text_pair: 'it goes with a', label: 'it has two values' } };
  expect(guessesOf(guess, preview)).toEqual([
    { role: 'text', columns: ['a'], reason: 'it is long' },
    { role: 'text_pair', columns: ['c'], reason: 'it goes with a' },
    { role: 'label', columns: ['b'], reason: 'it has two values' },
  ]);
  const alone = withRole(guess, 'c', 'ignore');
  expect(alone).toEqual({ text: 'a', label: 'b' });
  expect(guessesOf(withRole(alone, 'd', 'label'), preview).map(({ role }) => role)).toEqual(['text']);
});
