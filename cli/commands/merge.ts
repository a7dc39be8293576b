// merge: an adapter put into the weights of its base, as a folder that plain Transformers loads.
// Invariant: OUT/model.safetensors is there only once the merged model was compared with the adapter on its base.

import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { inputWords } from '../../src/protocol/cards.ts';
import { RetraceError } from '../../src/protocol/errors.ts';
import { mergedTypes } from '../../src/protocol/messages.ts';
import { taskNamed } from '../../src/tasks/registry.ts';
import type { Console } from '../console.ts';
import { type Given, usage } from '../flags.ts';
import { bytesText } from '../format.ts';
import { fileGathering } from '../gathering.ts';
import { openSession } from '../open_session.ts';
import { requireEmpty } from '../out_folder.ts';
import { textOf } from '../settings.ts';
import { importGiven } from './evaluate.ts';

export async function merge(asked: Given, console: Console, positionals: readonly string[]): Promise<number> {
  const [named, stray] = positionals;
  if (stray !== undefined) throw usage(`'${stray}' belongs to no flag.`, 'Name one adapter.', stray);
  const given = named === undefined ? asked : { ...asked, adapter: named };
  const out = textOf(given, 'out');
  if (out === undefined) throw usage('merge needs a folder for the model.', 'Add --out FOLDER.', '--out');
  requireEmpty(out, given);
  const part = join(out, 'model.safetensors.part');
  const { calls } = openSession(console, given, { gathering: () => fileGathering(part) });
  const { licence, task } = await importGiven(calls, given, console);
  const type = mergedTypes.find((known) => known === textOf(given, 'dtype')) ?? 'base';
  const { refusal } = await calls.mergePlan(undefined);
  if (refusal) throw new RetraceError(refusal);
  await mkdir(out, { recursive: true });
  const name = basename(resolve(out));
  const merging = calls.mergeModel({ name, licence, type, packing: 'folder' });
  const { files, verified, dtype, bytes, sha256 } = await merging.catch(async (thrown: unknown) => {
    await rm(part, { force: true });
    throw thrown;
  });
  for (const { path, blob } of files) {
    if (path === 'model.safetensors') await rename(part, join(out, path));
    else await pipeline(Readable.fromWeb(blob.stream()), createWriteStream(join(out, path)));
  }
  console.event({ type: 'merged', path: out, dtype, bytes, sha256, ...verified });
  console.say(
    `opened again as a model and compared on ${verified.texts} ${inputWords[taskNamed(task).inputs]}: logits, the largest of them ${verified.largest_logit.toPrecision(3)}, differ by at most ${verified.largest_difference.toExponential(1)}`,
  );
  console.result(`model: ${out} (${dtype}, ${bytesText(bytes)})`);
  return 0;
}
