// A run's state as safetensors: trainables and moments by name. Read back strictly, so that a damaged checkpoint is an error and never a wrong run.

import { bytesOf } from '../formats/bytes.ts';
import { openSafetensors, readFloats, writeSafetensors } from '../formats/safetensors.ts';
import type { TrainerState } from '../train/trainer.ts';

type Values = ReadonlyMap<string, Float32Array<ArrayBuffer>>;

const tensorsOf = (kind: string, values: Values) =>
  [...values].map(([name, data]) => ({
    name: `${kind}/${name}`,
    dtype: 'F32' as const,
    shape: [data.length],
    bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  }));

export function writeState({ step, parameters, exp_avg, exp_avg_sq }: TrainerState): Uint8Array<ArrayBuffer> {
  const tensors = [...tensorsOf('parameter', parameters), ...tensorsOf('exp_avg', exp_avg), ...tensorsOf('exp_avg_sq', exp_avg_sq)];
  return writeSafetensors(tensors, { step: String(step) });
}

export const writeParameters = (parameters: Values): Uint8Array<ArrayBuffer> => writeSafetensors(tensorsOf('parameter', parameters), {});

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
  const kind = (name: string) => kinds.get(name) ?? new Map<string, Float32Array<ArrayBuffer>>();
  return { step, parameters: kind('parameter'), exp_avg: kind('exp_avg'), exp_avg_sq: kind('exp_avg_sq') };
}

export async function readParameters(bytes: Uint8Array): Promise<TrainerState['parameters']> {
  return (await readKinds(bytes)).kinds.get('parameter') ?? new Map();
}
