import { expect, test } from 'vitest';
import { RetraceError } from '../protocol/errors.ts';
import type { FromWorker, RunEvent, ToWorker } from '../protocol/messages.ts';
import { type Port, TrainerClient } from './trainer_client.ts';

/** A port whose other end is in the test's hands. */
function pair() {
  const sent: ToWorker[] = [];
  let receive: (event: { data: FromWorker }) => void = () => undefined;
  const port: Port = {
    postMessage: (message) => void sent.push(message),
    addEventListener: (_, listener) => {
      receive = listener;
    },
    terminate: () => undefined,
  };
  return { sent, client: new TrainerClient(() => port), answer: (data: FromWorker) => receive({ data }) };
}

test('answers find their calls whatever their order, and an error arrives whole', async () => {
  const { sent, client, answer } = pair();
  const [runs, cards] = [client.call('savedRuns'), client.call('catalogue')];
  expect(sent.map(({ call }) => call)).toEqual(['savedRuns', 'catalogue']);
  const [first, second] = sent.map(({ id }) => id) as [number, number];
  const report = { code: 'busy', message: 'A run is in progress.', where: 'run', remedy: 'Stop it.' };
  answer({ id: second, ok: false, error: report });
  answer({ id: first, ok: true, answer: [] });
  expect(await runs).toEqual([]);
  const error = await cards.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RetraceError);
  expect((error as RetraceError).toReport()).toEqual(report);
});

test('events reach every listener until it leaves, and a dead worker fails what is open', async () => {
  const { client, answer } = pair();
  const seen: RunEvent[] = [];
  const leave = client.onEvent((event) => seen.push(event));
  answer({ event: { type: 'phase', phase: 'training' } });
  leave();
  answer({ event: { type: 'phase', phase: 'paused' } });
  expect(seen).toEqual([{ type: 'phase', phase: 'training' }]);
  const open = client.call('savedRuns').catch((thrown: unknown) => thrown);
  client.fail(new RetraceError({ code: 'worker-died', message: 'gone' }));
  expect((await open) as RetraceError).toMatchObject({ code: 'worker-died' });
});

test('a worker that hangs is ended: its calls are cancelled, nothing of it is heard any more, and the next one answers', async () => {
  const ended: number[] = [];
  const ports: { sent: ToWorker[]; answer: (data: FromWorker) => void }[] = [];
  const client = new TrainerClient(() => {
    const [at, sent] = [ports.length, [] as ToWorker[]];
    const listeners: ((event: { data: FromWorker }) => void)[] = [];
    ports.push({
      sent,
      answer: (data) => {
        for (const listener of listeners) listener({ data });
      },
    });
    return {
      postMessage: (message) => void sent.push(message),
      addEventListener: (_, listener) => void listeners.push(listener),
      terminate: () => void ended.push(at),
    };
  });
  const seen: RunEvent[] = [];
  client.onEvent((event) => seen.push(event));
  const hanging = client.call('savedRuns').catch((thrown: unknown) => thrown);
  client.restart();
  expect(await hanging).toMatchObject({ code: 'cancelled' });
  expect(ended).toEqual([0]);
  const next = client.call('savedRuns');
  const [first, second] = ports;
  const id = second?.sent[0]?.id as number;
  first?.answer({ event: { type: 'phase', phase: 'training' } });
  first?.answer({ id, ok: true, answer: ['of the dead'] });
  second?.answer({ id, ok: true, answer: [] });
  expect(await next).toEqual([]);
  expect(seen).toEqual([]);
});
