// Importing an adapter: its files found, read for a base, and made ready to predict with: its engine started, its values put in, its self-test
// passed. Not here: how layouts are read (src/formats). Invariant: an engine that does not pass is ended before the error is thrown.

import { type AdapterArchive, checkBase } from '../../formats/adapter_archive.ts';
import { adapterFileNames, readExported } from '../../formats/exported.ts';
import { readZip } from '../../formats/zip.ts';
import type { Parameter } from '../../graph/tensor.ts';
import { mostAdapterBytes } from '../../hub/adapter.ts';
import type { AdapterSource } from '../../protocol/config.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { ImportResult } from '../../protocol/messages.ts';
import { lengthsUpTo } from '../../train/evaluation_shapes.ts';
import { type Engine, type EngineConfig, type EngineRequest, startEngine } from '../engine/engine.ts';
import type { BaseModel } from '../models/base_model.ts';
import { fromStored } from '../models/stored_form.ts';
import { engineConfigOf, expectationsOn } from './adapter_expectations.ts';
import { logitTolerance, runSelfTest } from './self_test.ts';

/** An adapter as people hand it over, not as the hub has it. */
export type HandedAdapter = Exclude<AdapterSource, { readonly hub: string }>;

/** The files of an adapter that is at hand; what it is not made of is not read. Errors: `adapter-too-large`, `zip-*`. */
export async function filesOf(source: HandedAdapter): Promise<Map<string, Uint8Array>> {
  if ('zip' in source) return readZip(source.name ?? 'adapter.zip', new Uint8Array(await source.zip.arrayBuffer()));
  const own = source.files.filter(({ path }) => adapterFileNames.includes(path.slice(path.lastIndexOf('/') + 1)));
  const size = own.reduce((sum, { blob }) => sum + blob.size, 0);
  if (size > mostAdapterBytes) {
    throw new RetraceError({
      code: 'adapter-too-large',
      message: `The adapter's files have ${size} bytes; at most ${mostAdapterBytes} are read.`,
      where: 'adapter',
      remedy: 'Choose the folder of one adapter, without the model.',
    });
  }
  return new Map(await Promise.all(own.map(async ({ path, blob }) => [path, new Uint8Array(await blob.arrayBuffer())] as const)));
}

/** Reads an adapter for this base. `sha256` of the base's checkpoint, where it is known by now. */
export const readAdapterFor = (
  files: ReadonlyMap<string, Uint8Array>,
  model: BaseModel,
  sha256: string | undefined,
): Promise<AdapterArchive> => readExported(files, expectationsOn(model, sha256));

/** Values of an archive by parameter name, in the engine's order. */
export const valuesOf = ({ tensors }: AdapterArchive, trainables: readonly Parameter[]): Map<string, Float32Array<ArrayBuffer>> =>
  new Map(
    trainables.flatMap((parameter) => {
      const own = tensors.get(parameter.name);
      return own ? [[parameter.name, fromStored(parameter, Float32Array.from(own.data))]] : [];
    }),
  );

interface Imported {
  readonly engine: Engine;
  readonly config: EngineConfig;
  readonly verified: ImportResult['verified'];
}

interface Surroundings extends Pick<EngineRequest, 'model' | 'tokenizer' | 'pictures' | 'offload' | 'onPhase'> {
  readonly device: Parameters<typeof startEngine>[0];
}

/** Errors: `import-differs`; `wrong-base`, now that the base's bytes have passed by; and those of starting an engine. */
export async function startImported(archive: AdapterArchive, { device, ...surroundings }: Surroundings): Promise<Imported> {
  const config = engineConfigOf(archive.config, surroundings.model);
  const { max_length } = archive.config;
  const engine = await startEngine(device, {
    ...surroundings,
    config,
    labels: archive.labels,
    // Texts of every length may come.
    buckets: lengthsUpTo(max_length).map((length) => ({ length })),
    max_steps: 1,
    purposes: ['evaluation'],
    onPlan: () => undefined,
  });
  try {
    // Its bytes have passed by only now.
    checkBase(archive.config, { name: surroundings.model.name, sha256: engine.sha256 });
    engine.trainer.setParameters(valuesOf(archive, engine.trainer.trainables));
    const verified = await runSelfTest(engine, archive);
    if (!(verified.largest_difference <= logitTolerance)) {
      throw new RetraceError({
        code: 'import-differs',
        message: `On its own self-test the adapter gives logits that differ by ${verified.largest_difference} from the recorded ones (allowed: ${logitTolerance}).`,
        where: 'self_test',
        remedy: 'The file was changed, or it was made for other weights. Export it again.',
      });
    }
    return { engine, config, verified };
  } catch (error) {
    engine.executor.destroy();
    throw error;
  }
}
