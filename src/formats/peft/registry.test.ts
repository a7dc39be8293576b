import { expect, test } from 'vitest';
import { methods } from '../../methods/registry.ts';
import { peftTypes } from './registry.ts';

test('methods that say they export as a PEFT type are those that have one here', () => {
  const said = methods.flatMap(({ name, peft }) => (peft ? [[name, peft]] : []));
  expect(said.length).toBeGreaterThan(0);
  for (const pair of said) expect(peftTypes.map(({ method, peft_type }) => [method, peft_type])).toContainEqual(pair);
  for (const { name, peft } of methods) expect(peft).toBe(peftTypes.find(({ method }) => method === name)?.peft_type);
});
