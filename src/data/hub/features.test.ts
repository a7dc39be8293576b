import { expect, test } from 'vitest';
import { cardFeatures, columnOf, serverFeatures } from './features.ts';

const text = { dtype: 'string', _type: 'Value' };
const names = (features: readonly { name: string; kind: string }[]) => features.map(({ name, kind }) => `${name}: ${kind}`);

test.each([
  ['a sequence of structs, as the datasets library wrote it', { feature: { text, label: text }, _type: 'Sequence' }],
  ['a struct of lists', { text: { feature: text, _type: 'List' }, label: { feature: text, _type: 'List' } }],
  ['a struct of lists in brackets', { text: [text], label: [text] }],
])('the answers of a question have a column for their texts and one for their names: %s', (_, choices) => {
  expect(names(serverFeatures({ question: text, choices, answerKey: text }))).toEqual([
    ...['question: text', 'choices.text: list', 'choices.label: list', 'answerKey: text'],
  ]);
});

test('a list of structs is one column, and so is a sequence of texts', () => {
  const features = serverFeatures({ turns: { feature: { role: text }, _type: 'List' }, tags: { feature: text, _type: 'Sequence' } });
  expect(names(features)).toEqual(['turns: list', 'tags: list']);
});

test('a card says the same in its own words', () => {
  const members = [
    { name: 'text', dtype: 'string' },
    { name: 'label', dtype: 'string' },
  ];
  const features = cardFeatures([
    { name: 'choices', sequence: members },
    { name: 'tags', sequence: 'string' },
    { name: 'turns', list: [{ name: 'role', dtype: 'string' }] },
  ]);
  expect(names(features)).toEqual(['choices.text: list', 'choices.label: list', 'tags: list', 'turns: list']);
});

test('pictures are columns of their own kind, in the words of the server and of a card', () => {
  expect(names(serverFeatures({ image: { _type: 'Image' }, audio: { _type: 'Audio' } }))).toEqual(['image: image', 'audio: object']);
  const [image] = cardFeatures([{ name: 'image', dtype: 'image' }]);
  expect(image && columnOf(image)).toEqual({ name: 'image', kind: 'image', is: 'pictures' });
});
