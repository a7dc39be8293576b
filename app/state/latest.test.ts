import { expect, test, vi } from 'vitest';
import { latest } from './latest.ts';

test('only the newest question is answered, even when an older answer comes last', async () => {
  vi.useFakeTimers();
  const asked: number[] = [];
  const delivered: number[] = [];
  const ask = latest(
    50,
    (question: number) => {
      asked.push(question);
      return new Promise<number>((resolve) => setTimeout(resolve, question === 2 ? 500 : 10, question));
    },
    (answer) => delivered.push(answer),
    () => undefined,
  );
  ask(1);
  ask(2);
  await vi.advanceTimersByTimeAsync(60);
  ask(3);
  await vi.advanceTimersByTimeAsync(1000);
  // Neither a question that waits to be asked nor one that waits for its answer comes back.
  ask(4);
  ask.drop();
  ask(5);
  await vi.advanceTimersByTimeAsync(55);
  ask.drop();
  await vi.advanceTimersByTimeAsync(1000);
  vi.useRealTimers();
  expect(asked).toEqual([2, 3, 5]);
  expect(delivered).toEqual([3]);
});
