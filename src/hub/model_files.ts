// Which files a model's folder must have, and the one error that names all that it lacks. Looks at names, opens nothing.

import type { Inputs } from '../protocol/cards.ts';
import { RetraceError } from '../protocol/errors.ts';
import { weightFiles } from './checkpoint.ts';
import type { ModelFolder } from './folder.ts';

/** Any one of `files` serves. */
interface Part {
  readonly what: string;
  readonly files: readonly string[];
}

const configuration: Part = { what: 'the configuration', files: ['config.json'] };
/** Those of sentencepiece are not read; that is the tokenizer's to say. */
const sentencepiece = ['spiece.model', 'sentencepiece.bpe.model', 'tokenizer.model', 'spm.model'];
const tokenizer: Part = { what: 'the tokenizer', files: ['tokenizer.json', 'vocab.txt', 'vocab.json', ...sentencepiece] };
const weights: Part = { what: 'the weights', files: weightFiles };

const isThere = async (folder: ModelFolder, { files }: Part): Promise<boolean> => {
  for (const path of files) if ((await folder.open(path)) !== undefined) return true;
  return false;
};

/** Parts that the folder lacks. Weights under an unusual name are the caller's to know of. */
async function missingParts(folder: ModelFolder, hasWeights: boolean, inputs: Inputs): Promise<Part[]> {
  const missing: Part[] = [];
  // How pictures are prepared is known without a file where there is none.
  for (const part of [configuration, ...(inputs === 'text' ? [tokenizer] : [])]) if (!(await isThere(folder, part))) missing.push(part);
  if (!hasWeights && !(await isThere(folder, weights))) missing.push(weights);
  return missing;
}

function refuse(folder: ModelFolder, missing: readonly Part[]): never {
  const named = missing.map(({ what, files }) => `${files[0]} (${what})`);
  throw new RetraceError({
    code: 'missing-file',
    message: `${folder.name} has no ${named.join(', no ')}.`,
    where: missing.map(({ files }) => `${folder.name}/${files[0]}`).join(', '),
    remedy:
      "Download them from the model's page on the hub (Files and versions) into the same folder, or choose the folder that holds them." +
      (missing.includes(weights) ? ` Weights may also come as ${weightFiles.slice(1).join(', ')}.` : ''),
  });
}

/** Error `missing-file`, which names all that the folder lacks, where it lacks its configuration: without one nothing can be said of it. */
export async function requireConfiguration(folder: ModelFolder): Promise<void> {
  if (!(await isThere(folder, configuration))) refuse(folder, await missingParts(folder, false, 'text'));
}

/** Names of what a run needs and the folder lacks, the likeliest file of each part. */
export const missingFiles = async (folder: ModelFolder, hasWeights: boolean, inputs: Inputs): Promise<string[]> =>
  (await missingParts(folder, hasWeights, inputs)).map(({ files }) => files[0] ?? '');

/** Error `missing-file` where a run would lack something. */
export async function requireFiles(folder: ModelFolder, hasWeights: boolean, inputs: Inputs): Promise<void> {
  const missing = await missingParts(folder, hasWeights, inputs);
  if (missing.length > 0) refuse(folder, missing);
}
