// Node's threads that prepare pictures, so that the command line's own thread stays free. Not here: what they do (src/data/pictures/prepare.ts).
// Invariant: a thread runs a bundle that is named by its content, so that it is never older than the sources, whoever else writes there.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type PictureThread, type PictureWorker, pictureWorkerOf } from '../src/data/pictures/worker.ts';
import { publicFolder } from './folders.ts';

/** The file that a thread runs. Node 20 runs no TypeScript, and bin/retrace.mjs bundles the main thread alone. */
async function bundled(): Promise<string> {
  const root = dirname(publicFolder());
  const { build } = await import('vite');
  const built = await build({
    root,
    configFile: false,
    logLevel: 'silent',
    publicDir: false,
    build: {
      write: false,
      ssr: join(root, 'cli', 'picture_decoder_thread.ts'),
      target: 'node20',
      minify: false,
      rolldownOptions: { output: { codeSplitting: false } },
    },
  });
  const output = Array.isArray(built) ? built[0] : built;
  if (output === undefined || !('output' in output)) throw new Error('The thread that reads pictures could not be bundled.');
  const { code } = output.output[0];
  const folder = join(root, 'node_modules', '.cache', 'retrace');
  const file = join(folder, `pictures-${createHash('sha256').update(code).digest('hex').slice(0, 16)}.mjs`);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    const scratch = `${file}.${process.pid}`;
    writeFileSync(scratch, code);
    renameSync(scratch, file);
  }
  return file;
}

let entry: Promise<string> | undefined;

function started(file: string): PictureThread {
  const worker = new Worker(file);
  let isAsked = false;
  let unanswered = 0;
  worker.unref();
  worker.on('message', () => {
    unanswered--;
    if (unanswered === 0) worker.unref();
  });
  return {
    post(message, transfer) {
      unanswered++;
      worker.ref();
      worker.postMessage(message, transfer);
    },
    onMessage: (listener) => worker.on('message', listener),
    onEnd(listener) {
      worker.on('error', (error) => listener(error instanceof Error ? error.message : String(error)));
      worker.on('exit', (code) => isAsked || listener(`exit code ${code}`));
    },
    end() {
      isAsked = true;
      void worker.terminate();
    },
  };
}

/** Threads that prepare pictures. They live until they are closed, and hold up the end of the process only while a picture is asked for. */
export async function nodePictures(threads = 2): Promise<PictureWorker> {
  entry ??= bundled();
  const file = await entry;
  return pictureWorkerOf(Array.from({ length: threads }, () => started(file)));
}
