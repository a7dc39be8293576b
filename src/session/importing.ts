// An imported adapter made ready to predict with: its engine started, its values put in, its self-test passed. Not here: which files it may lie in and
// what they must hold (exporting.ts, src/formats). Invariant: an engine that does not pass is ended before the error is thrown.

import { chooseBuckets } from '../data/batches.ts';
import type { AdapterArchive } from '../formats/adapter_archive.ts';
import { RetraceError } from '../protocol/errors.ts';
import type { ImportResult } from '../protocol/messages.ts';
import { type Engine, type EngineConfig, type EngineRequest, startEngine } from './engine.ts';
import { engineConfigOf, logitTolerance, readAdapterFor, runSelfTest, valuesOf } from './exporting.ts';

interface Imported {
  readonly engine: Engine;
  readonly config: EngineConfig;
  readonly verified: ImportResult['verified'];
}

interface Surroundings extends Pick<EngineRequest, 'model' | 'tokenizer' | 'offload' | 'onPhase'> {
  readonly device: Parameters<typeof startEngine>[0];
}

/** Errors: `import-differs`; `wrong-base`, now that the base's bytes have passed by; and those of starting an engine. */
export async function startImported(
  files: ReadonlyMap<string, Uint8Array>,
  archive: AdapterArchive,
  { device, ...surroundings }: Surroundings,
): Promise<Imported> {
  const config = engineConfigOf(archive.config);
  const { max_length } = archive.config;
  const engine = await startEngine(device, {
    ...surroundings,
    config,
    labels: archive.labels,
    // Every length may come; the buckets then pad the fewest tokens.
    buckets: chooseBuckets(
      Uint32Array.from({ length: max_length }, (_, i) => i + 1),
      { maxLength: max_length },
    ),
    max_steps: 1,
    purposes: ['evaluation'],
    onPlan: () => undefined,
  });
  try {
    // The checksum of the base is known only now that its bytes have passed by.
    await readAdapterFor(files, surroundings.model, engine.sha256);
    engine.trainer.setParameters(valuesOf(archive));
    const verified = await runSelfTest(engine, archive.config);
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
