// Starts the worker that computes. The only place that knows that there is one.

import { RetraceError } from '../protocol/errors.ts';
import { type Port, TrainerClient } from './trainer_client.ts';

export function startTrainer(): TrainerClient {
  const client: TrainerClient = new TrainerClient(() => {
    const worker = new Worker(new URL('../worker/main.ts', import.meta.url), { type: 'module', name: 'retrace' });
    worker.addEventListener('error', (event) => {
      client.fail(
        new RetraceError({
          code: 'worker-died',
          message: `The computing worker stopped: ${event.message || 'no reason given'}.`,
          remedy: 'Reload the page; the run is offered for resumption from its last checkpoint.',
        }),
      );
    });
    return worker as Port;
  });
  return client;
}
