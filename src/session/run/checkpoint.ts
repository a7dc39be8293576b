// A run's state as safetensors: trainables and what the optimizer keeps, as `kind/parameter`. Read back strictly, so that a damaged checkpoint is an
// error and never a wrong run.

import { bytesOf } from '../../formats/bytes.ts';
import { openSafetensors, writeSafetensors } from '../../formats/safetensors.ts';
import { readFloats } from '../../formats/tensor_file.ts';
import type { TrainerState, ValuesByName } from '../../train/trainer.ts';

const tensorsOf = (kind: string, values: ValuesByName) =>
  [...values].map(([name, data]) => ({
    name: `${kind}/${name}`,
    dtype: 'F32' as const,
    shape: [data.length],
    bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  }));

export function writeState({ step, parameters, states }: TrainerState): Uint8Array<ArrayBuffer> {
  const kept = [...states].flatMap(([kind, values]) => tensorsOf(kind, values));
  return writeSafetensors([...tensorsOf('parameter', parameters), ...kept], { step: String(step) });
}

export const writeParameters = (parameters: ValuesByName): Uint8Array<ArrayBuffer> =>
  writeSafetensors(tensorsOf('parameter', parameters), {});

async function readKinds(bytes: Uint8Array): Promise<{ step: number; kinds: Map<string, Map<string, Float32Array<ArrayBuffer>>> }> {
  const file = await openSafetensors(bytesOf('checkpoint', bytes));
  const kinds = new Map<string, Map<string, Float32Array<ArrayBuffer>>>();
  for (const name of file.tensors.keys()) {
    const slash = name.indexOf('/');
    const kind = name.slice(0, slash);
    const values = kinds.get(kind) ?? new Map<string, Float32Array<ArrayBuffer>>();
    kinds.set(kind, values.set(name.slice(slash + 1), Float32Array.from(await readFloats(file, name))));
  }
  return { step: Number(file.metadata['step'] ?? 0), kinds };
}

export async function readState(bytes: Uint8Array): Promise<TrainerState> {
  const { step, kinds } = await readKinds(bytes);
  const parameters = kinds.get('parameter') ?? new Map();
  kinds.delete('parameter');
  return { step, parameters, states: kinds };
}

export async function readParameters(bytes: Uint8Array): Promise<ValuesByName> {
  return (await readKinds(bytes)).kinds.get('parameter') ?? new Map();
}
