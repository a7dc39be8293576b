// The retrace layout: adapters that PEFT has no type for. docs/format.md describes it byte for byte; change both together.
// Invariant: adapter.safetensors alone suffices to load, for its metadata mirrors adapter_config.json.

import {
  type AdapterArchive,
  type AdapterExpectations,
  isRegression,
  jsonBytes,
  jsonOf,
  parseConfig,
  readArchive,
  refuseAdapter,
  requireOneRun,
} from './adapter_archive.ts';
import { labelsFile, readLabels } from './adapter_labels.ts';
import { openTensors, readTensors, tensorsToWrite } from './adapter_tensors.ts';
import { type CardFacts, writeModelCard } from './model_card.ts';
import { writeSafetensors } from './safetensors.ts';
import { selfTestPicturesFile } from './self_test_pictures.ts';
import { isRecord, parseJson } from './text.ts';
import type { ArchiveFile } from './zip.ts';

const MIRROR = 'adapter.safetensors, __metadata__';

const howToLoad = (
  why: string,
  says: string,
  asked: string,
): string => `${why} With the \`python/\` folder of Retrace on the path and \`pip install torch transformers safetensors\`:

\`\`\`python
from retrace import load

adapter = load("this-folder-or-zip", base_model="folder of the base model")
print(adapter.predict(${asked}))  # ${says}
\`\`\`

Or open the zip in Retrace itself: it compares the logits of the self-test in \`adapter_config.json\`.`;

/** adapter.safetensors, adapter_config.json, labels.json and README.md. `why` says why it is not in PEFT's layout. */
export function writeAdapter({ config, labels, tensors, pictures }: AdapterArchive, facts: CardFacts, why: string): ArchiveFile[] {
  const metadata = { format: 'pt', retrace: JSON.stringify(config) };
  return [
    { path: 'adapter.safetensors', bytes: writeSafetensors(tensorsToWrite(tensors), metadata) },
    { path: 'adapter_config.json', bytes: jsonBytes(config) },
    ...selfTestPicturesFile(pictures),
    ...labelsFile(labels),
    writeModelCard(facts, {
      relation: 'adapter',
      tags: ['retrace', config.method],
      how_to_load: howToLoad(
        why,
        isRegression(config) ? 'a number' : 'probability by label',
        config.image_size === undefined ? '"a sentence"' : 'PIL.Image.open("picture.png")',
      ),
    }),
  ];
}

/**
 * Reads the layout. Without adapter_config.json the mirror in the tensor file serves. Errors: `missing-file`, `unknown-format`,
 * `unknown-method`, `bad-adapter-config`, `wrong-base`, `mixed-runs`, `bad-labels`, `missing-tensor`, `misshapen-tensor`, `unknown-tensor`, `not-finite`,
 * `safetensors-*`.
 */
export async function readAdapter(files: ReadonlyMap<string, Uint8Array>, expect: AdapterExpectations): Promise<AdapterArchive> {
  const file = await openTensors(files, 'adapter.safetensors');
  const hasConfig = files.has('adapter_config.json');
  const where = hasConfig ? 'adapter_config.json' : MIRROR;
  const given = hasConfig ? jsonOf(files, 'adapter_config.json') : mirrorOf(file.metadata.retrace, where);
  return readArchive(given, where, expect, async (config, specs) => {
    const named = readLabels(files, config);
    if (hasConfig && file.metadata.retrace !== undefined) {
      const mirror = parseConfig(mirrorOf(file.metadata.retrace, MIRROR), MIRROR, expect.methods);
      requireOneRun(config, mirror, ['adapter_config.json', 'adapter.safetensors']);
    }
    return { tensors: await readTensors(file, specs), ...named };
  });
}

function mirrorOf(text: string | undefined, where: string): Record<string, unknown> {
  const value = text === undefined ? undefined : parseJson(where, text);
  if (isRecord(value)) return value;
  return refuseAdapter('missing-file', 'The adapter has no adapter_config.json, and its tensor file does not mirror it.', where);
}
