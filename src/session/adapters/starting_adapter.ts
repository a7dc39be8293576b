// Training on from an adapter: its values in place of the usual start. Not here: how it is read (src/formats). Invariant: the first forward pass of the run is
// that of the adapter, or the run does not begin.

import { RetraceError } from '../../protocol/errors.ts';
import type { Engine, EngineConfig } from '../engine/engine.ts';
import { storedShape } from '../models/stored_form.ts';
import { readAdapterFor, valuesOf } from './importing.ts';

/** Hyper-parameters that decide how parameters start or how they train, and those that show in names and shapes of tensors. */
const elsewhere = [
  ...['adapter_init_std', 'init_factor', 'lora_dropout'],
  ...['target_modules', 'rank_pattern', 'modules_to_save', 'feedforward_modules'],
];

const shown = (value: unknown): string => (value === undefined ? 'none' : typeof value === 'string' ? value : JSON.stringify(value));

function refuse(what: string, remedy: string): never {
  throw new RetraceError({
    code: 'other-adapter',
    message: `Training can't go on from this adapter: ${what}.`,
    where: 'init_adapter',
    remedy,
  });
}

/** Puts an adapter's values into an engine that has just started. Errors: `other-adapter`, `wrong-base`, those of its files. */
export async function startFromAdapter(engine: Engine, { method }: EngineConfig, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const archive = await readAdapterFor(files, engine.model, engine.sha256);
  const { hyper_parameters, pooling } = archive.config;
  if (archive.method !== method)
    refuse(`it is one of ${archive.method}, and the run trains ${method}`, `Choose the method ${archive.method}.`);
  const { setup, labels } = engine;
  const { options } = setup;
  const others = setup.method.uses
    .filter((name) => !elsewhere.includes(name) && hyper_parameters[name] !== undefined)
    .filter((name) => JSON.stringify(hyper_parameters[name]) !== JSON.stringify(options[name]));
  if (others.length > 0) {
    const differing = others.map((name) => `${name} is ${shown(hyper_parameters[name])} there and ${shown(options[name])} here`);
    refuse(differing.join(', '), 'Choose the values that the adapter has.');
  }
  if ((archive.labels.length === 0) !== (labels.length === 0)) {
    const [there, here] = archive.labels.length === 0 ? ['numbers', 'classes'] : ['classes', 'numbers'];
    refuse(`it learned ${there}, and the run learns ${here}`, 'Choose the task that the adapter learned.');
  }
  const { head: kind = 'sequence' } = archive.config;
  if (kind !== engine.task.head)
    refuse(`its outputs are of ${kind}, and the run's of ${engine.task.head}`, 'Choose the task that the adapter learned.');
  if (kind !== 'words' && pooling !== setup.pooling)
    refuse(`it pools by ${pooling}, and the run by ${setup.pooling}`, `Choose the pooling ${pooling}.`);
  if (archive.labels.join('\n') !== labels.join('\n')) {
    const same = [...archive.labels].sort().join('\n') === [...labels].sort().join('\n');
    refuse(
      same
        ? `its labels stand in another order (${archive.labels.slice(0, 4).join(', ')}), and each row of its classifier is a label's`
        : `its labels are ${archive.labels.slice(0, 6).join(', ')} (${archive.labels.length}), those of the data ${labels.slice(0, 6).join(', ')} (${labels.length})`,
      'Use data with the labels of the adapter, or train without it.',
    );
  }
  const parameters = engine.trainer.trainables;
  const off = parameters.filter((parameter) => archive.tensors.get(parameter.name)?.shape.join() !== storedShape(parameter).join());
  if (off.length > 0 || archive.tensors.size !== parameters.length) {
    const [first] = off;
    const one = first === undefined ? '' : `, ${first.name} [${archive.tensors.get(first.name)?.shape.join(', ') ?? 'none'}] among them`;
    refuse(
      `it has ${archive.tensors.size} tensors, and the run trains ${parameters.length}, of which ${off.length} are not in it in their shape${one}`,
      'Choose the target modules and ranks that the adapter has.',
    );
  }
  engine.trainer.setParameters(valuesOf(archive, parameters));
}
