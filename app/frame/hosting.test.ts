import { expect, test } from 'vitest';
import { hostHeaders, missingHeaders } from './hosting.ts';

const answering = (response: Response) => () => Promise.resolve(response);

test('headers that the server does not send are named', async () => {
  expect(await missingHeaders(answering(new Response()))).toEqual([...hostHeaders]);
  const sent = Object.fromEntries(hostHeaders.map((name) => [name, 'any']));
  expect(await missingHeaders(answering(new Response(null, { headers: sent })))).toEqual([]);
  const { 'Content-Security-Policy': _, ...others } = sent;
  expect(await missingHeaders(answering(new Response(null, { headers: others })))).toEqual(['Content-Security-Policy']);
});

test('a server that does not answer, or refuses the question, is not accused', async () => {
  expect(await missingHeaders(answering(new Response(null, { status: 405 })))).toEqual([]);
  expect(await missingHeaders(() => Promise.reject(new TypeError('offline')))).toEqual([]);
});
