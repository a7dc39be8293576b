// The session's half of the worker in which lives what is off the GPU: it starts one for a run and ends it with the run.

import { type HostParameters, type OffloadedModule, rowMemory } from '../offload/offload.ts';
import { type OffloadPort, remoteParameters } from '../offload/remote.ts';
import { RetraceError } from '../protocol/errors.ts';

export async function offloadWorker(modules: readonly OffloadedModule[]): Promise<HostParameters> {
  const worker = new Worker(new URL('./offload_main.ts', import.meta.url), { type: 'module', name: 'offload' });
  // Rows on disk are opened before the worker can answer; if that fails, it says why.
  await new Promise<void>((resolve, reject) => {
    worker.addEventListener('message', ({ data }) => ('error' in data ? reject(new RetraceError(data.error)) : resolve()), { once: true });
    worker.addEventListener('error', ({ message }) => reject(new Error(`the worker for what is off the GPU did not start: ${message}`)), {
      once: true,
    });
    worker.postMessage({ modules, memory: rowMemory });
  }).catch((error) => {
    worker.terminate();
    throw error;
  });
  return remoteParameters(worker as OffloadPort, () => worker.terminate());
}
