// The entry of the worker that prepares pictures in a browser; pictures.ts starts it.

import { answerPictures } from '../data/pictures/worker.ts';
import { decodePicture } from './pictures_decode.ts';

const hear = answerPictures(decodePicture, (answer, transfer) => self.postMessage(answer, { transfer }));
self.addEventListener('message', ({ data }: MessageEvent<unknown>) => hear(data));
