import { expect, test } from 'vitest';
import { randomBackbone } from '../../test/random_model.ts';
import { taskCardsFor } from './task_fit.ts';

const shape = {
  ...{ num_hidden_layers: 2, hidden_size: 8, num_attention_heads: 2, intermediate_size: 8, vocab_size: 8, max_position_embeddings: 8 },
};

test('a card says why its model cannot learn a task, and says nothing where it can', () => {
  const refused = (type: string) =>
    taskCardsFor(randomBackbone(shape, type)).flatMap(({ name, dataset, refusal }) => (refusal === undefined || dataset ? [] : [name]));
  expect(refused('bert')).toEqual(['question_answering', 'language_modelling', 'sequence_to_sequence']);
  expect(refused('gpt2')).toEqual([]);
  expect(refused('bart')).toEqual(['language_modelling']);
  const sets = taskCardsFor(randomBackbone(shape, 'bert')).filter(({ dataset }) => dataset?.suite === 'question answering');
  expect(sets.map(({ refusal }) => refusal)).toEqual(Array.from({ length: 5 }, () => expect.stringContaining("type 'bert' writes none")));
});
