// Pictures prepared off the main thread: requests and answers as messages, over as many threads as a host starts. Not here: what is done to a picture
// (prepare.ts), how a thread starts (cli/picture_decoder_pool.ts, src/worker/pictures.ts). Invariant: every request is answered, by an error where its thread ends.

import { type ErrorReport, RetraceError, reportOf } from '../../protocol/errors.ts';
import type { DecodePicture } from './picture.ts';
import { type PictureRequest, prepare } from './prepare.ts';

/** What makes squares of pixels of pictures; the session does not wait while it does. */
export interface PictureWorker {
  /** As `prepare`, with its errors. */
  prepare(file: Blob, path: string, request: PictureRequest): Promise<Uint8Array<ArrayBuffer>>;
  /** Ends its threads. What they have not answered fails. */
  close(): void;
}

/** A thread, seen by who asks. */
export interface PictureThread {
  post(message: unknown, transfer: ArrayBuffer[]): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Hears why the thread ended, or could not begin, where nobody asked it to. */
  onEnd(listener: (why: string) => void): void;
  end(): void;
}

interface Question {
  readonly id: number;
  readonly bytes: ArrayBuffer;
  readonly path: string;
  readonly request: PictureRequest;
}

type Answer = { readonly id: number } & ({ readonly rgb: Uint8Array<ArrayBuffer> } | { readonly error: ErrorReport });

interface Waiting {
  resolve(rgb: Uint8Array<ArrayBuffer>): void;
  reject(error: Error): void;
}

const ended = (why: string): RetraceError =>
  new RetraceError({
    code: 'picture-worker-ended',
    message: `The worker that reads pictures has ended: ${why}.`,
    remedy: 'Try again. If it ends again, make very large pictures smaller: they may need more memory than there is.',
  });

/** One thread and what it was asked. */
class Asked {
  readonly #thread: PictureThread;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;
  #ended: Error | undefined;

  constructor(thread: PictureThread) {
    this.#thread = thread;
    thread.onMessage((message) => this.#hear(message as Answer));
    thread.onEnd((why) => this.fail(ended(why)));
  }

  get load(): number {
    return this.#ended === undefined ? this.#waiting.size : Number.POSITIVE_INFINITY;
  }

  ask(bytes: ArrayBuffer, path: string, request: PictureRequest): Promise<Uint8Array<ArrayBuffer>> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#ended);
      const id = this.#next++;
      this.#waiting.set(id, { resolve, reject });
      this.#thread.post({ id, bytes, path, request } satisfies Question, [bytes]);
    });
  }

  #hear(answer: Answer): void {
    const own = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('error' in answer) own?.reject(new RetraceError(answer.error));
    else own?.resolve(answer.rgb);
  }

  fail(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  close(): void {
    this.fail(new Error('The worker that reads pictures was closed.'));
    this.#thread.end();
  }
}

/** The asking side: each picture goes to the thread that has least to do. */
export function pictureWorkerOf(threads: readonly PictureThread[]): PictureWorker {
  const all = threads.map((thread) => new Asked(thread));
  return {
    async prepare(file, path, request) {
      const bytes = await file.arrayBuffer();
      const least = all.reduce((best, each) => (each.load < best.load ? each : best));
      return least.ask(bytes, path, request);
    },
    close() {
      for (const each of all) each.close();
    },
  };
}

/** The answering side: what it hears, answered one after another through `post`. */
export function answerPictures(
  decode: DecodePicture,
  post: (answer: unknown, transfer: ArrayBuffer[]) => void,
): (message: unknown) => void {
  let turn = Promise.resolve();
  return (message) => {
    const { id, bytes, path, request } = message as Question;
    turn = turn.then(async () => {
      try {
        const rgb = await prepare(new Blob([bytes]), path, request, decode);
        post({ id, rgb } satisfies Answer, [rgb.buffer]);
      } catch (thrown) {
        post({ id, error: reportOf(thrown) } satisfies Answer, []);
      }
    });
  };
}
