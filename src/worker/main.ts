// The worker's entry: a session behind the wire, with the browser's answers to its questions.

import type { PictureWorker } from '../data/pictures/worker.ts';
import { bundledFolders, httpFolder } from '../hub/folder.ts';
import { Hub } from '../hub/hub.ts';
import { RetraceError, reportOf } from '../protocol/errors.ts';
import type { FromWorker, ToWorker } from '../protocol/messages.ts';
import type { Host } from '../session/host.ts';
import { Session } from '../session/session.ts';
import { browserStore } from './hub_store.ts';
import { browserMeasured } from './measured_store.ts';
import { offloadWorker } from './offload.ts';
import { browserPictures } from './pictures.ts';
import { browserRuns } from './run_store.ts';

/** Where the page lies, seen from here: the build puts workers into assets/ beside it, under whatever path it is hosted; in development all is below /. */
const page = new URL(import.meta.env.DEV ? '/' : '../', self.location.href);
const rootOf = (kind: 'models' | 'data'): string => new URL(`${kind}/`, page).href;

let reading: Promise<PictureWorker> | undefined;

const host: Host = {
  gpu: async () => navigator.gpu,
  pictures() {
    reading ??= browserPictures();
    return reading;
  },
  async bundled(kind, name) {
    const found = (await bundledFolders(rootOf(kind))).find((row) => row.name === name);
    if (found) return found.folder;
    throw new RetraceError({
      code: 'unknown-bundled',
      message: `Nothing named '${name}' comes with the app.`,
      where: kind,
      remedy: 'Choose one of the list.',
    });
  },
  bundledRoot: async (kind) => httpFolder(rootOf(kind)),
  runs: browserRuns,
  measured: browserMeasured,
  hub: new Hub({ store: browserStore() }),
  offload: offloadWorker,
};

const send = (message: FromWorker): void => self.postMessage(message);
const session = new Session(host, (event) => send({ event }));

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  const { id, call, argument } = data;
  const handler = session.calls[call] as ((argument: unknown) => Promise<unknown>) | undefined;
  const answering = handler
    ? handler(argument)
    : Promise.reject(
        new RetraceError({ code: 'unknown-call', message: `There is no call '${String(call)}'.`, remedy: 'Reload the page.' }),
      );
  answering.then(
    (answer) => send({ id, ok: true, answer }),
    (error) => send({ id, ok: false, error: reportOf(error) }),
  );
});
