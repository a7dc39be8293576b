// Texts in a session: a pretrained model opened as it is writes behind prompts, event after event, until it is at its end, at a stop string, at its length or
// stopped; what it took is free again. What the texts are: test/generation.test.ts.

import { beforeAll, expect, test } from 'vitest';
import { smallShape } from '../../../test/outcome.ts';
import { randomModelFiles } from '../../../test/random_model.ts';
import { randomWriter } from '../../../test/random_writer.ts';
import { testHost } from '../../../test/testing.ts';
import type { WrittenText } from '../../protocol/generation.ts';
import type { RunEvent } from '../../protocol/messages.ts';
import { Session } from '../session.ts';

let heard: (event: RunEvent) => void = () => undefined;
const session = new Session(testHost(), (event) => heard(event));
const { calls } = session;
beforeAll(() => calls.openLanguageModel({ model: randomWriter() }));

const prompt = 'the film was';

test('the likeliest text comes as events that grow to the answer, and is the same again', async () => {
  const shown: string[] = [];
  heard = (event) => {
    if (event.type === 'writing') shown.push(event.text);
  };
  const [first] = await calls.generate({ prompts: [prompt], options: { max_new_tokens: 24 } });
  expect(first).toMatchObject({ tokens: 24, finish: 'length' });
  expect(shown.at(-1)).toBe(first?.text);
  expect(shown.length).toBeGreaterThan(2);
  for (const [i, text] of shown.slice(1).entries()) expect(text.startsWith(shown[i] as string)).toBe(true);
  expect(await calls.generate({ prompts: [prompt], options: { max_new_tokens: 24 } })).toEqual([first]);
});

test('draws go by the seed, and a text is the same among others', async () => {
  const options = { max_new_tokens: 10, do_sample: true, seed: 4, temperature: 2 };
  const [alone] = await calls.generate({ prompts: [prompt], options });
  const together = await calls.generate({ prompts: [prompt, 'a good', 'we will go to the café'], options });
  expect(together[0]).toEqual(alone);
  expect((await calls.generate({ prompts: [prompt], options: { ...options, seed: 5 } }))[0]?.text).not.toBe(alone?.text);
});

test('a text ends at a stop string, at the token that ends texts, and where the model has no more positions', async () => {
  const [whole] = (await calls.generate({ prompts: [prompt], options: { max_new_tokens: 100 } })) as [WrittenText];
  expect(whole.finish).toBe('length');
  expect(whole.tokens).toBeLessThan(48);
  const stop = whole.text.slice(6, 9);
  const [cut] = await calls.generate({ prompts: [prompt], options: { max_new_tokens: 100, stop_strings: ['nowhere', stop] } });
  expect(cut?.finish).toBe('stop string');
  expect(cut?.text).toBe(whole.text.slice(0, whole.text.indexOf(stop) + stop.length));
});

test('stopWriting ends a text at its next token', async () => {
  let events = 0;
  heard = (event) => {
    if (event.type === 'writing' && ++events === 3) void calls.stopWriting(undefined);
  };
  const [text] = await calls.generate({ prompts: [prompt], options: { max_new_tokens: 30 } });
  expect(text?.finish).toBe('stopped');
  expect(text?.tokens).toBeLessThan(30);
});

test('a prompt that the model has no positions for, and options that make no sense, are refused; two texts are not written at once', async () => {
  await expect(calls.generate({ prompts: ['film '.repeat(60)] })).rejects.toMatchObject({ code: 'prompt-too-long' });
  await expect(calls.generate({ prompts: [prompt], options: { temperature: 0 } })).rejects.toMatchObject({
    code: 'run-config',
    where: 'temperature',
  });
  const first = calls.generate({ prompts: [prompt], options: { max_new_tokens: 4 } });
  await expect(calls.generate({ prompts: [prompt] })).rejects.toMatchObject({ code: 'busy' });
  expect((await first)[0]?.tokens).toBe(4);
});

test('a model that writes no words is refused', async () => {
  const bert = randomModelFiles({ ...smallShape, vocab_size: 30522 });
  await expect(calls.openLanguageModel({ model: bert })).rejects.toMatchObject({ code: 'task-refused' });
});
