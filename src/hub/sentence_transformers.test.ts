import { expect, test } from 'vitest';
import { fileFolder } from './folder.ts';
import { readSentenceTransformers } from './sentence_transformers.ts';

const read = (files: Record<string, unknown>) =>
  readSentenceTransformers(
    fileFolder(
      Object.entries({ 'README.md': '', ...files }).map(([path, content]) => ({ path, blob: new Blob([JSON.stringify(content)]) })),
      'm',
    ),
  );

test.each<[what: string, declared: object, modes: string[]]>([
  ['the switches to 5.3', { pooling_mode_cls_token: false, pooling_mode_mean_tokens: true, pooling_mode_max_tokens: false }, ['mean']],
  ['a switch alone', { pooling_mode_cls_token: true }, ['cls']],
  ['one name, since 5.4', { embedding_dimension: 16, pooling_mode: 'mean', include_prompt: true }, ['mean']],
  ['a name in capitals', { pooling_mode: 'CLS' }, ['cls']],
  ['a list of one', { pooling_mode: ['cls'] }, ['cls']],
  ['several names', { pooling_mode: ['mean', 'max'] }, ['mean', 'max']],
  ['several in one text', { pooling_mode: 'mean+max' }, ['mean', 'max']],
  ['other modes', { pooling_mode_weightedmean_tokens: true, pooling_mode_lasttoken: true }, ['weightedmean', 'lasttoken']],
  ['the root of the length', { pooling_mode_mean_sqrt_len_tokens: true }, ['mean_sqrt_len_tokens']],
  ['nothing said', { word_embedding_dimension: 16 }, ['mean']],
  ['all switched off', { pooling_mode_mean_tokens: false }, []],
])('pooling: %s', async (_, declared, modes) => {
  expect((await read({ '1_Pooling/config.json': declared })).pooling).toEqual({ path: '1_Pooling/config.json', modes });
});

test('a folder without these files says nothing', async () => {
  expect(await read({ 'config.json': {} })).toEqual({ pooling: undefined, notes: [] });
});

test('modules.json says where the pooling is, and what stands behind it is said', async () => {
  const type = (name: string) => `sentence_transformers.models.${name}`;
  const found = await read({
    'modules.json': [
      { idx: 0, name: '0', path: '', type: type('Transformer') },
      { idx: 1, name: '1', path: 'own_pooling', type: type('Pooling') },
      { idx: 2, name: '2', path: '2_Dense', type: type('Dense') },
      { idx: 3, name: '3', path: '3_Normalize', type: type('Normalize') },
    ],
    'own_pooling/config.json': { pooling_mode: 'cls' },
    '1_Pooling/config.json': { pooling_mode: 'max' },
    'sentence_bert_config.json': { max_seq_length: 256 },
  });
  expect(found.pooling).toEqual({ path: 'own_pooling/config.json', modes: ['cls'] });
  expect(found.notes).toHaveLength(3);
  expect(found.notes[0]).toContain('Dense (2_Dense)');
  expect(found.notes[1]).toContain('not normalised');
  expect(found.notes[2]).toContain('256 tokens');
});
