// What programs ask of the host: plain values to everybody between, checked where they mean something.

import { expect, test } from 'vitest';
import { hostRequest } from './offload.ts';

const question = { module: 'encoder.layer.0.sparse_adapter', call: 'recall', firstExample: 2, tokens: 12, T: 6, training: true };

test('a question and the tensors that go with it are a request', () => {
  const reads = [Float32Array.of(1, 2)];
  expect(hostRequest(question, reads)).toEqual({ ...question, reads });
});

test.each([
  ['another call', { call: 'forget' }],
  ['no module', { module: 7 }],
  ['no number of tokens', { tokens: '12' }],
  ['no length', { T: undefined }],
])('a question with %s is refused with all that it asks', (_, wrong) => {
  const asked = { ...question, ...wrong };
  expect(() => hostRequest(asked, [])).toThrow(`no module off the GPU can answer ${JSON.stringify(asked)}`);
});
