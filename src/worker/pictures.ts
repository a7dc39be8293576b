// The session's half of the worker that prepares pictures in a browser: it starts one and ends it. Not here: what it does (../data/pictures/prepare.ts).

import { type PictureThread, type PictureWorker, pictureWorkerOf } from '../data/pictures/worker.ts';

function started(): PictureThread {
  const worker = new Worker(new URL('./pictures_main.ts', import.meta.url), { type: 'module', name: 'pictures' });
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    onMessage: (listener) => worker.addEventListener('message', ({ data }) => listener(data)),
    onEnd: (listener) => worker.addEventListener('error', ({ message }) => listener(message || 'its script could not be loaded')),
    end: () => worker.terminate(),
  };
}

/** Workers that prepare pictures. They live until they are closed. */
export const browserPictures = async (threads = 1): Promise<PictureWorker> => pictureWorkerOf(Array.from({ length: threads }, started));
