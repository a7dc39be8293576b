// Starts the worker that computes. The only place that knows that there is one.

import { RetraceError } from '../protocol/errors.ts';
import { type Port, TrainerClient } from './trainer_client.ts';

export interface RunningClient {
  readonly client: TrainerClient;
  /** Ends the worker, which frees all that it holds, GPU memory included. */
  terminate(): void;
}

export function startTrainer(): RunningClient {
  const worker = new Worker(new URL('../worker/main.ts', import.meta.url), { type: 'module', name: 'retrace' });
  const client = new TrainerClient(worker as Port);
  worker.addEventListener('error', (event) => {
    client.fail(
      new RetraceError({
        code: 'worker-died',
        message: `The computing worker stopped: ${event.message || 'no reason given'}.`,
        remedy: 'Reload the page; the run is offered for resumption from its last checkpoint.',
      }),
    );
  });
  return { client, terminate: () => worker.terminate() };
}
