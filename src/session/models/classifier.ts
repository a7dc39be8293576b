// What the classifier of a run starts from: the checkpoint's own, row by row under the names that config.json gives its classes, or a fresh one. Says
// which, and why. Invariant: a row is used for the class of its name, or not at all; names that name nothing (LABEL_0) count by their number.

import type { AdapterTensor } from '../../formats/adapter_archive.ts';
import { floatDtypes, readFloats } from '../../formats/tensor_file.ts';
import { isRecord } from '../../formats/text.ts';
import type { StoredTensor } from '../../hub/checkpoint.ts';
import { architectureOf, type HeadKind, headOf, nameInClass, topStack } from '../../models/model.ts';
import type { Pooling } from '../../protocol/config.ts';
import { listText } from '../../protocol/sentences.ts';
import type { BaseModel } from './base_model.ts';
import { badFloat, refuseNumber } from './weights.ts';

/** Which classifier of a model: how it pools a text, and what it makes of that. */
export interface ClassifierKind {
  readonly pooling: Pooling;
  readonly head: HeadKind;
}

/** Without a pooling the model writes. */
type MaybeClassifier = Omit<ClassifierKind, 'pooling'> & { readonly pooling?: Pooling | undefined };

export interface ClassifierStart {
  readonly start: 'checkpoint' | 'fresh';
  /** For each class of the run, the checkpoint's row. Where it starts from the checkpoint. */
  readonly rows?: readonly number[];
  /** For people. */
  readonly text: string;
}

const listed = (labels: readonly string[]): string => listText(labels, 6);

/** Names of the checkpoint's classes in the order of its rows, from `id2label`, else `label2id`; undefined where they are not one for each row. */
export function labelNames({ id2label, label2id }: Readonly<Record<string, unknown>>, rows: number): readonly string[] | undefined {
  const byId = isRecord(id2label)
    ? Object.entries(id2label)
    : isRecord(label2id)
      ? Object.entries(label2id).map(([name, id]) => [String(id), name] as const)
      : [];
  const names: string[] = [];
  for (const [id, name] of byId) if (/^\d+$/.test(id) && Number(id) < rows && typeof name === 'string') names[Number(id)] = name;
  const whole = byId.length === rows && names.length === rows && new Set(names).size === rows;
  return whole ? names : undefined;
}

/** Transformers' names for classes that nobody named. */
export const isUnnamed = (names: readonly string[]): boolean => names.every((name, i) => name === `LABEL_${i}`);

/** The checkpoint's tensors of these parameters, by what it calls them. */
function storedUnder(model: BaseModel, parameters: readonly string[], nameOf: (parameter: string) => string): Map<string, StoredTensor> {
  const found = parameters.map((name) => [name, model.entry(nameOf(name))] as const);
  return new Map(found.flatMap(([name, stored]) => (stored ? [[name, stored] as const] : [])));
}

/** The checkpoint's classifier, where it is one of whole texts: its tensors, [rows, C] first. */
function storedClassifier(
  model: BaseModel,
  { pooling, head }: ClassifierKind,
): { tensors: Map<string, StoredTensor>; rows: number } | string {
  const backbone = model.backbone();
  const { classes, before } = headOf(backbone, pooling, head);
  const inClass = storedUnder(model, [...classes, ...before], (name) => nameInClass(backbone, pooling, head, name));
  const tensors = classes.every((name) => inClass.has(name)) ? inClass : storedUnder(model, [...classes, ...before], (name) => name);
  if (tensors.size === 0) return 'the checkpoint has no classifier';
  const [weight, ...others] = classes.map((name) => tensors.get(name)?.entry.shape);
  const rows = weight?.[0] ?? 0;
  if (
    tensors.size < classes.length + before.length ||
    weight?.length !== 2 ||
    weight[1] !== (topStack(backbone).output_size ?? backbone.config.hidden_size)
  ) {
    return "the checkpoint's classifier has other tensors than ours";
  }
  const isOfClasses = (shape: readonly number[] | undefined) =>
    shape?.[0] === rows && shape.slice(1).join() === (shape.length > 1 ? `${weight[1]}` : '');
  if (!others.every(isOfClasses)) return "the checkpoint's classifier has other tensors than ours";
  if (![...tensors.values()].every(({ entry }) => floatDtypes.includes(entry.dtype))) return "the checkpoint's classifier is not in floats";
  const { architectures } = model.config;
  const declared = Array.isArray(architectures) ? architectures.filter((name) => typeof name === 'string') : [];
  const ownClass = architectureOf(backbone, head, pooling);
  if (declared.length > 0 && !declared.some((name) => name === ownClass || name.endsWith('ForSequenceClassification'))) {
    return `the checkpoint's classifier is that of ${listed(declared)}`;
  }
  return { tensors, rows };
}

/** Layers of a head that its class keeps in the backbone, such as the pooler by which RoBERTa scores choices: pretrained, where the checkpoint has them all. */
function pretrainedLayers(model: BaseModel, { pooling, head }: ClassifierKind): ReadonlyMap<string, StoredTensor> {
  const backbone = model.backbone();
  const nameOf = (name: string) => nameInClass(backbone, pooling, head, name);
  const inBackbone = headOf(backbone, pooling, head).before.filter((name) => nameOf(name) !== name);
  const stored = storedUnder(model, inBackbone, nameOf);
  const fits = ({ entry: { shape, dtype } }: StoredTensor) =>
    floatDtypes.includes(dtype) && shape.every((length) => length === backbone.config.hidden_size);
  return stored.size === inBackbone.length && [...stored.values()].every(fits) ? stored : new Map();
}

/** How many outputs the checkpoint's own classifier has, or why it has none. */
export function classifierRows(model: BaseModel, kind: ClassifierKind): number | string {
  const stored = storedClassifier(model, kind);
  return typeof stored === 'string' ? stored : stored.rows;
}

const fresh = (why: string, labels: readonly string[]): ClassifierStart => ({
  start: 'fresh',
  text: `The ${labels.length === 0 ? 'head' : 'classifier'} starts anew: ${why}.`,
});

/** A head of one output. */
function oneOutput(model: BaseModel, kind: ClassifierKind, rows: number | string): ClassifierStart {
  const one = kind.head === 'choices' ? 'a score' : 'a number';
  if (rows === 1) return { start: 'checkpoint', rows: [0], text: `The head is the checkpoint's, which gives ${one}.` };
  const { start, text } = fresh(
    typeof rows === 'string' ? rows : `the checkpoint's tells ${rows} classes apart, and ${one} is learned`,
    [],
  );
  return { start, text: pretrainedLayers(model, kind).size === 0 ? text : `${text} Its first layer is the checkpoint's pooler.` };
}

/** What the classifier of these classes starts from; without classes, a head that gives one number, or a score for each choice; without a pooling, the words of the model itself. */
export function classifierStart(model: BaseModel, { pooling, head }: MaybeClassifier, labels: readonly string[]): ClassifierStart {
  if (pooling === undefined) return { start: 'checkpoint', text: "Each word is scored by the model's own vocabulary; no head is added." };
  const rows = classifierRows(model, { pooling, head });
  if (labels.length === 0) return oneOutput(model, { pooling, head }, rows);
  if (typeof rows === 'string') return fresh(rows, labels);
  const names = labelNames(model.config, rows);
  const own = (text: string, order: readonly number[]): ClassifierStart => ({ start: 'checkpoint', rows: order, text });
  if (names && !isUnnamed(names)) {
    const order = labels.map((label) => names.indexOf(label));
    const lacking = labels.filter((_, i) => order[i] === -1);
    if (lacking.length === 0) {
      const of = labels.length === rows ? `all ${rows} of its classes` : `${labels.length} of its ${rows} classes`;
      return own(`The classifier is the checkpoint's, for ${of}, each by its name.`, order);
    }
    return fresh(`the checkpoint's classes are ${listed(names)}; it lacks ${listed(lacking)}`, labels);
  }
  if (names) {
    const byName = labels.map((label) => names.indexOf(label));
    if (byName.every((row) => row >= 0))
      return own(`The classifier is the checkpoint's, for ${labels.length} of its ${rows} classes, each by its name.`, byName);
  }
  if (rows !== labels.length) return fresh(`the checkpoint's has ${rows} classes without names, and these are ${labels.length}`, labels);
  // Classes that are the numbers of rows already; everything else is taken in order, as Transformers takes it.
  const numbers = labels.map((label) => (/^\d+$/.test(label) ? Number(label) : -1));
  const isNumbered = new Set(numbers).size === rows && numbers.every((number) => number >= 0 && number < rows);
  const order = isNumbered ? numbers : labels.map((_, i) => i);
  const taken = labels.map((label, i) => `${label} is class ${order[i]}`);
  return own(`The classifier is the checkpoint's, whose ${rows} classes have no names: ${listed(taken)}.`, order);
}

/** The checkpoint's classifier as it stands, or why it has none. Error: `weights-not-finite`. */
export async function checkpointClassifier(model: BaseModel, kind: ClassifierKind): Promise<ReadonlyMap<string, AdapterTensor> | string> {
  const stored = storedClassifier(model, kind);
  return typeof stored === 'string' ? stored : readAll(model, stored.tensors);
}

/** Error: `weights-not-finite`. */
async function readAll(model: BaseModel, tensors: ReadonlyMap<string, StoredTensor>): Promise<ReadonlyMap<string, AdapterTensor>> {
  const values = new Map<string, AdapterTensor>();
  for (const [name, { file, entry }] of tensors) {
    const data = await readFloats(file, entry.name);
    const bad = badFloat(data);
    if (bad >= 0) refuseNumber(entry, bad, data[bad] as number, `${model.name}/${file.source.name}`);
    values.set(name, { shape: entry.shape, data });
  }
  return values;
}

/** Values of the classifier's parameters by name, rows in the order of the run's classes; of one that starts anew, its pretrained layers. Error: `weights-not-finite`. */
export async function classifierValues(
  model: BaseModel,
  { pooling, head }: MaybeClassifier,
  { rows }: ClassifierStart,
): Promise<Map<string, Float32Array<ArrayBuffer>>> {
  const values = new Map<string, Float32Array<ArrayBuffer>>();
  if (pooling === undefined) return values;
  const kind = { pooling, head };
  const stored = rows === undefined ? await readAll(model, pretrainedLayers(model, kind)) : await checkpointClassifier(model, kind);
  if (typeof stored === 'string') return values;
  const { before } = headOf(model.backbone(), pooling, head);
  for (const [name, { shape, data }] of stored) {
    if (rows === undefined || before.includes(name)) {
      values.set(name, new Float32Array(data));
      continue;
    }
    const columns = data.length / (shape[0] as number);
    const own = new Float32Array(rows.length * columns);
    for (const [i, row] of rows.entries()) own.set(data.subarray(row * columns, (row + 1) * columns), i * columns);
    values.set(name, own);
  }
  return values;
}
