// Node's answers to a session's questions: Dawn for the GPU, the public folder for what is bundled. Checkpoints are the caller's choice.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PictureWorker } from '../src/data/pictures/worker.ts';
import { askedForms } from '../src/gpu/forms.ts';
import type { Forms } from '../src/kernels/forms.ts';
import { localParameters, Offload, onDisk, rowMemory } from '../src/offload/offload.ts';
import { RetraceError } from '../src/protocol/errors.ts';
import type { Host, RunStore } from '../src/session/host.ts';
import { openGpu } from './adapter.ts';
import type { Given } from './flags.ts';
import { bundledNames, diskFolder, publicFolder } from './folders.ts';
import { temporaryGathering } from './gathering.ts';
import { hubOf } from './hub/connection.ts';
import { fileMeasured } from './measured_file.ts';
import { nodePictures } from './picture_decoder_pool.ts';
import { temporaryRowFile } from './row_file.ts';

export { diskFolder } from './folders.ts';

/** A store that forgets: for commands that keep no checkpoint. */
export const noRuns: RunStore = {
  save: async () => ({ path: '' }),
  load: async () => undefined,
  list: async () => [],
  delete: async () => undefined,
};

/** Dawn, opened once: there is one instance of it a process. */
let opened: Promise<GPU> | undefined;
function gpu(): Promise<GPU> {
  opened ??= openGpu();
  return opened;
}

/** Its threads are started once a process. */
let reading: Promise<PictureWorker> | undefined;
function pictures(): Promise<PictureWorker> {
  reading ??= nodePictures();
  return reading;
}

/** Forms of kernels that a flag or the environment asks for. */
function formsIn(given?: Given): Forms | undefined {
  const [text, where] =
    given?.['kernels'] === undefined ? [process.env['RETRACE_KERNELS'], 'RETRACE_KERNELS'] : [given['kernels'], '--kernels'];
  return text ? askedForms(String(text), where) : undefined;
}

/** `given` may name another endpoint of the hub, and other forms of kernels, than the environment. Error: `unknown-form`. */
export function nodeHost(runs: RunStore = noRuns, given?: Given): Host {
  return {
    gpu,
    forms: formsIn(given),
    pictures,
    async bundled(kind, name) {
      const root = join(publicFolder(), kind, name);
      if (existsSync(root)) return diskFolder(root, name);
      throw new RetraceError({
        code: 'unknown-bundled',
        message: `Nothing named '${name}' is bundled.`,
        where: kind,
        remedy: `Bundled: ${bundledNames(kind).join(', ')}.`,
      });
    },
    bundledRoot: async (kind) => diskFolder(join(publicFolder(), kind), kind),
    runs,
    measured: fileMeasured,
    hub: hubOf(given),
    gathering: temporaryGathering,
    async offload(modules) {
      const files = onDisk(modules, rowMemory).map(({ path }) => [path, temporaryRowFile()] as const);
      return localParameters(new Offload(modules, new Map(files)));
    },
  };
}
