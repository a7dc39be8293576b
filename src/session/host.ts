// What a session needs from where it runs: a browser worker and Node give different answers to these questions and share all the rest.

import type { PictureWorker } from '../data/pictures/worker.ts';
import type { ModelFolder } from '../hub/folder.ts';
import type { Hub } from '../hub/hub.ts';
import type { Forms } from '../kernels/forms.ts';
import type { HostParameters, OffloadedModule } from '../offload/offload.ts';
import type { RunConfig } from '../protocol/config.ts';
import type { RunEvent, SavedRun } from '../protocol/messages.ts';

/** A run as it is kept: small facts for lists, and bytes that only a resumption reads. */
export interface StoredRun {
  readonly summary: SavedRun;
  readonly config: RunConfig;
  /** Steps, evaluations and profiles so far, so that curves come back. */
  readonly events: readonly RunEvent[];
  /** Trainables and moments of `step`, and the best trainables, as safetensors. */
  readonly state: Uint8Array<ArrayBuffer>;
  readonly best: Uint8Array<ArrayBuffer> | undefined;
}

export interface RunStore {
  save(run: StoredRun): Promise<{ path: string }>;
  load(id: string): Promise<StoredRun | undefined>;
  list(): Promise<readonly SavedRun[]>;
  delete(id: string): Promise<void>;
}

/** What was measured of devices, by names that say what was measured and on which device. Whoever reads checks what comes back. */
export interface MeasuredStore {
  load(name: string): Promise<unknown>;
  /** What can't be kept is measured again: no error. */
  save(name: string, measured: object): Promise<void>;
}

/** A file in the making: bytes one behind the other, and then all of them. */
export interface Gathering {
  write(bytes: Uint8Array): Promise<void>;
  end(): Promise<Blob>;
}

/** In the host's memory; a browser puts large ones on its disk. */
export function inBlobs(): Gathering {
  const parts: Blob[] = [];
  return {
    write: async (bytes) => void parts.push(new Blob([new Uint8Array(bytes)])),
    end: async () => new Blob(parts),
  };
}

export interface Host {
  gpu(): Promise<GPU | undefined>;
  /** Forms of kernels in place of those that suit the device (src/gpu/forms.ts). */
  readonly forms?: Forms | undefined;
  /** The folder of a bundled model or data set, and its licence. Errors: `unknown-bundled`. */
  bundled(kind: 'models' | 'data', name: string): Promise<ModelFolder>;
  /** The folder that holds the bundled ones, with their index.json. */
  bundledRoot(kind: 'models' | 'data'): Promise<ModelFolder>;
  readonly runs: RunStore;
  readonly measured: MeasuredStore;
  /** The hub, and what of it is kept here. */
  readonly hub: Hub;
  /** A place for the weights of a merged model, or for pictures out of a file of rows; left out, they are gathered as blobs. */
  gathering?(): Promise<Gathering>;
  /** Threads that decode and resize pictures. */
  pictures(): Promise<PictureWorker>;
  /** A place for what lives off the GPU; left out, it is this thread's memory. */
  offload?(modules: readonly OffloadedModule[]): Promise<HostParameters>;
}
