import { expect, test } from 'vitest';
import { contentPolicy } from '../../../scripts/content_policy.ts';
import { admits } from './endpoint.ts';

const policy = contentPolicy(['https://*.cdn.example.org:8443', 'http://127.0.0.1:9000']);

test.each([
  ['https://huggingface.co', true],
  ['https://datasets-server.huggingface.co/splits', true],
  ['https://us.aws.cdn.hf.co', true],
  ['https://a.b.cdn.example.org:8443/x', true],
  ['http://127.0.0.1:9000', true],
  ['http://huggingface.co', false],
  ['https://huggingface.co.example.org', false],
  ['https://nothuggingface.co', false],
  ['https://a.cdn.example.org', false],
  ['http://127.0.0.1:9001', false],
])('a policy and the address %s: %s', (address, expected) => {
  expect(admits(policy, address)).toBe(expected);
});

test('without a policy everything is admitted, as in development', () => {
  expect(admits('', 'https://example.org')).toBe(true);
});
