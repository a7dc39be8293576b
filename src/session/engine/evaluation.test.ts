import { expect, test } from 'vitest';
import { evaluationTexts } from './evaluation.ts';

test('texts of an evaluation are found by their places, pairs with both texts, and none where there is none', async () => {
  const texts = [
    { text: 'a', label: 1 },
    { text: 'b', textPair: 'c', label: 2 },
  ];
  expect(await evaluationTexts(texts, [1, 0, 7])).toEqual([{ text: 'b', text_pair: 'c' }, { text: 'a' }, { text: '' }]);
});
