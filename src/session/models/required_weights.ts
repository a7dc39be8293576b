// Which tensor of a checkpoint each parameter starts from, and the one error that names all that is missing or does not fit. Every way to a model goes
// through here (inspect, description, plan, training, import), so that what one of them calls sound the others take. Reads no weights.

import { floatDtypes } from '../../formats/tensor_file.ts';
import { Registry } from '../../graph/registry.ts';
import type { Parameter } from '../../graph/tensor.ts';
import type { StoredTensor } from '../../hub/checkpoint.ts';
import { requireFiles } from '../../hub/model_files.ts';
import { defaultTraining, type Pooling } from '../../protocol/config.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { Bucket } from '../../protocol/lengths.ts';
import { listText } from '../../protocol/sentences.ts';
import { sequenceToSequence } from '../../tasks/sequence_to_sequence.ts';
import { traceEvaluation } from '../../train/programs.ts';
import { type PlannedModel, resolveMethod, setupOf } from '../engine/setup.ts';
import type { BaseModel } from './base_model.ts';
import { fitOf, storedShape } from './stored_form.ts';
import { inputsOf } from './task_fit.ts';

type Wanted = Pick<Parameter, 'name' | 'shape' | 'stored'>;

interface Misfit {
  readonly code: 'missing-tensor' | 'misshapen-tensor' | 'unsupported-dtype';
  readonly parameter: Wanted;
  readonly found?: StoredTensor;
}

const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** As many names as a sentence can carry. */
const listed = (names: readonly string[]): string => listText(names, 3);

/** "layers 4 to 5": the layers that the names belong to, in ranges; undefined where one belongs to none. */
function layersOf(names: readonly string[]): string | undefined {
  const numbers = new Set<number>();
  for (const name of names) {
    const [, layer] = /(?:^|\.)layers?\.(\d+)\./.exec(name) ?? [];
    if (layer === undefined) return undefined;
    numbers.add(Number(layer));
  }
  const sorted = [...numbers].sort((a, b) => a - b);
  const [first, last] = [sorted[0] as number, sorted.at(-1) as number];
  if (sorted.length === 1) return `layer ${first}`;
  return last - first + 1 === sorted.length ? `layers ${first} to ${last}` : `layers ${sorted.join(', ')}`;
}

function missingText(missing: readonly Misfit[], of: number): string {
  const [{ parameter: first }] = missing as [Misfit];
  if (missing.length === 1) return `The checkpoint has no tensor '${first.name}' of shape ${shapeText(storedShape(first))}.`;
  const names = missing.map(({ parameter: { name } }) => name);
  const layers = layersOf(names);
  return `The checkpoint lacks ${names.length} of the ${of} tensors that config.json asks for${layers === undefined ? '' : `, all of ${layers}`}: ${listed(names)}.`;
}

function misshapenText(misfits: readonly Misfit[]): string {
  const texts = misfits.map(
    ({ parameter, found }) =>
      `'${found?.entry.name}' has the shape ${shapeText(found?.entry.shape ?? [])}; config.json asks for ${shapeText(storedShape(parameter))}`,
  );
  return texts.length === 1 ? `The tensor ${texts[0]}.` : `${texts.length} tensors do not fit: ${listed(texts)}.`;
}

function dtypeText(misfits: readonly Misfit[]): string {
  const texts = misfits.map(({ found }) => `'${found?.entry.name}' is ${found?.entry.dtype}`);
  return `${texts.length === 1 ? 'A tensor holds' : `${texts.length} tensors hold`} no floats that are read (${floatDtypes.join(', ')}): ${listed(texts)}.`;
}

function refuse(model: BaseModel, misfits: readonly Misfit[], of: number): never {
  const having = (code: Misfit['code']) => misfits.filter((misfit) => misfit.code === code);
  const [missing, misshapen, unread] = [having('missing-tensor'), having('misshapen-tensor'), having('unsupported-dtype')];
  const [{ code, parameter, found }] = misfits as [Misfit];
  const files = (model.checkpoint?.files ?? []).map(({ source }) => source.name);
  const onlyPooler = misfits.every(({ code: how, parameter: { name } }) => how === 'missing-tensor' && name.startsWith('pooler.'));
  const remedy = onlyPooler
    ? 'The checkpoint has no pooler, which the first token goes through: choose mean pooling (--pooling mean).'
    : code === 'unsupported-dtype'
      ? 'Save the model in one of these types; quantised weights are not read.'
      : 'The weights and config.json do not belong together, or a part is missing. Choose the folder of one whole model.';
  throw new RetraceError({
    code,
    message: [
      ...(missing.length > 0 ? [missingText(missing, of)] : []),
      ...(misshapen.length > 0 ? [misshapenText(misshapen)] : []),
      ...(unread.length > 0 ? [dtypeText(unread)] : []),
    ].join(' '),
    where: `${model.name}/${found?.file.source.name ?? files.join(', ')}: ${found?.entry.name ?? parameter.name}`,
    remedy,
  });
}

/**
 * The tensor that each parameter of the backbone starts from, by parameter name. Errors: `missing-tensor`, `misshapen-tensor`,
 * `unsupported-dtype`, each naming all.
 */
export function placementsOf(model: BaseModel, parameters: Iterable<Parameter>): Map<string, StoredTensor> {
  const pretrained = [...parameters].filter(({ initial }) => initial.from === 'checkpoint');
  const placements = new Map<string, StoredTensor>();
  const misfits: Misfit[] = [];
  for (const parameter of pretrained) {
    const found = model.entry(parameter.name);
    if (!found) {
      if (!('absent' in parameter.initial)) misfits.push({ code: 'missing-tensor', parameter });
    } else if (fitOf(parameter, found.entry.shape) === 'misfit') misfits.push({ code: 'misshapen-tensor', parameter, found });
    else if (!floatDtypes.includes(found.entry.dtype)) misfits.push({ code: 'unsupported-dtype', parameter, found });
    else placements.set(parameter.name, found);
  }
  if (misfits.length > 0) refuse(model, misfits, pretrained.length);
  return placements;
}

/** The parameters of the plain model that is read with this pooling, or that writes where there is none. */
export function backboneParameters(model: PlannedModel, pooling: Pooling | undefined): Parameter[] {
  const registry = new Registry();
  const setup = setupOf({
    ...(pooling === undefined ? { task: sequenceToSequence } : {}),
    model,
    resolved: resolveMethod('linear-probe', 'store', {}, model.backbone().defaults),
    memory: { policy: 'store', checkpoint_every: 1 },
    pooling,
    num_labels: 2,
    batch_size: 1,
    buckets: [{ length: Math.min(8, model.backbone().config.max_position_embeddings) }],
    dropout: 0,
    optimizer: defaultTraining,
    purposes: ['evaluation'],
  });
  traceEvaluation(registry, { trains: () => false, storedType: () => 'f32' }, setup, setup.buckets[0] as Bucket);
  return [...registry.parameters.values()];
}

/** What fits is not looked at again: a model is asked for at every plan. */
const fitting = new WeakMap<BaseModel, Map<Pooling | undefined, Map<string, StoredTensor>>>();

/** Refuses weights that do not fit the configuration; a folder without weights passes. Errors as of `placementsOf`. */
export function requireWeights(model: BaseModel, pooling: Pooling | undefined): ReadonlyMap<string, StoredTensor> {
  if (!model.checkpoint) return new Map();
  const known = fitting.get(model) ?? new Map<Pooling | undefined, Map<string, StoredTensor>>();
  fitting.set(model, known);
  const placements = known.get(pooling) ?? placementsOf(model, backboneParameters(model, pooling));
  known.set(pooling, placements);
  return placements;
}

/** Refuses what no run could begin with: files that are missing, weights that do not fit. Errors: `missing-file`, and as of `placementsOf`. */
export async function requireRunnable(model: BaseModel, pooling: Pooling | undefined): Promise<ReadonlyMap<string, StoredTensor>> {
  await requireFiles(model.folder, model.checkpoint !== undefined, inputsOf(model.backbone()));
  return requireWeights(model, pooling);
}
