// Requests over threads that a test plays: which thread is asked, what becomes of requests whose thread ends, and errors of the host's own.

import { expect, test } from 'vitest';
import { readImageProcessor } from './processor.ts';
import { pictureBytes } from './testing.ts';
import { answerPictures, type PictureThread, pictureWorkerOf } from './worker.ts';

class PlayedThread implements PictureThread {
  readonly asked: { readonly id: number; readonly path: string }[] = [];
  isEnded = false;
  answer: (message: unknown) => void = () => undefined;
  die: (why: string) => void = () => undefined;
  post = (message: unknown): void => {
    this.asked.push(message as { id: number; path: string });
  };
  onMessage = (listener: (message: unknown) => void): void => {
    this.answer = listener;
  };
  onEnd = (listener: (why: string) => void): void => {
    this.die = listener;
  };
  end = (): void => {
    this.isEnded = true;
  };
}

const request = { processor: readImageProcessor(undefined, 'model', 8).processor };
const blob = new Blob([pictureBytes('one.png')]);
const turn = () => new Promise((resolve) => setTimeout(resolve));

test('the thread with least to do is asked; one that ends fails what it was asked, and the other goes on', async () => {
  const [one, two] = [new PlayedThread(), new PlayedThread()];
  const pictures = pictureWorkerOf([one, two]);
  const asked = ['a', 'b', 'c'].map((path) => pictures.prepare(blob, path, request));
  await turn();
  expect([one, two].map((thread) => thread.asked.map(({ path }) => path))).toEqual([['a', 'c'], ['b']]);
  const rgb = new Uint8Array(192);
  two.answer({ id: two.asked[0]?.id, rgb });
  expect(await asked[1]).toBe(rgb);
  one.die('out of memory');
  for (const each of [asked[0], asked[2]]) {
    await expect(each).rejects.toMatchObject({ code: 'picture-worker-ended', message: expect.stringContaining('out of memory') });
  }
  const next = ['d', 'e'].map((path) => pictures.prepare(blob, path, request));
  await turn();
  expect(two.asked.map(({ path }) => path)).toEqual(['b', 'd', 'e']);
  two.answer({ id: two.asked[2]?.id, error: { code: 'broken-picture', message: 'No.', where: 'e' } });
  await expect(next[1]).rejects.toMatchObject({ code: 'broken-picture', where: 'e' });
  pictures.close();
  await expect(next[0]).rejects.toThrow('closed');
  expect([one.isEnded, two.isEnded]).toEqual([true, true]);
});

test('requests are answered in their order, errors among them as reports', async () => {
  const answers: unknown[] = [];
  const hear = answerPictures(
    async () => ({ width: 1, height: 1, data: new Uint8Array([1, 2, 3]) }),
    (answer) => answers.push(answer),
  );
  const bytes = pictureBytes('one.png').buffer;
  hear({ id: 1, bytes, path: 'a', request });
  hear({ id: 2, bytes: new ArrayBuffer(0), path: 'pets/b', request });
  hear({ id: 3, bytes, path: 'c', request });
  await expect.poll(() => answers.length).toBe(3);
  expect(answers).toMatchObject([{ id: 1 }, { id: 2, error: { code: 'broken-picture', where: 'pets/b' } }, { id: 3 }]);
});
