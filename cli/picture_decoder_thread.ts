// The entry of a thread in which Node prepares pictures; picture_decoder_pool.ts starts it.

import { parentPort } from 'node:worker_threads';
import { answerPictures } from '../src/data/pictures/worker.ts';
import { decodePicture } from './picture_decoder.ts';

const port = parentPort;
if (port === null) throw new Error('This file is the entry of a thread.');
port.on(
  'message',
  answerPictures(decodePicture, (answer, transfer) => port.postMessage(answer, transfer)),
);
