// Adapters in the layout of Hugging Face PEFT (0.21), so that PEFT loads them as its own and adapters made with PEFT are read here. What all
// types share; what each has of its own is a file beside this one. Invariant: names and shapes in adapter_model.safetensors are those that
// PEFT itself saves, and nothing that PEFT would read otherwise is passed over: what is not supported is refused.

import {
  type AdapterArchive,
  type AdapterConfig,
  type AdapterExpectations,
  type AdapterTensor,
  FORMAT_VERSION,
  jsonBytes,
  jsonOf,
  readArchive,
  refuseAdapter,
  requireOneRun,
  type TensorSpec,
} from '../adapter_archive.ts';
import { labelsFile, readLabels } from '../adapter_labels.ts';
import { openTensors, readTensors, tensorsToWrite } from '../adapter_tensors.ts';
import { type CardFacts, writeModelCard } from '../model_card.ts';
import { writeSafetensors } from '../safetensors.ts';
import { selfTestPicturesFile } from '../self_test_pictures.ts';
import { type HeadKind, headModules, isHeadOf, type TaskModel, type TaskType, taskTypes, typeOfHead } from '../task_model.ts';
import type { TensorFile } from '../tensor_file.ts';
import { isRecord, parseJson } from '../text.ts';
import type { ArchiveFile } from '../zip.ts';
import { type ForeignHead, foreignHead } from './head.ts';
import { howToLoad } from './how_to_load.ts';
import { configForOlder, type ModuleNames, nameForOlder, withNewNames } from './older_names.ts';
import {
  CONFIG,
  listed,
  type PeftBase,
  type PeftConfig,
  type PeftType,
  type Place,
  refusePeft,
  TENSORS,
  TORCH_TENSORS,
} from './peft_type.ts';
import { peftTypes } from './registry.ts';
import { ourName, type StoredNames, storedNames } from './stored_names.ts';

/** The texts and logits again, for programs that read no metadata. */
const SELF_TEST = 'self_test.json';

/** Where each of our tensors lies in PEFT's file. */
function placesOf(type: PeftType, model: TaskModel, config: AdapterConfig, specs: readonly TensorSpec[]): ReadonlyMap<string, Place> {
  const isBeside = (path: string) => model.beside.some((name) => name === path || name.startsWith(`${path}.`));
  const inBackbone = (path: string) => type.prefix + (isBeside(path) ? '' : model.prefix) + path;
  const isHead = isHeadOf(model.head(config.pooling, config.head));
  const placeOf = (spec: TensorSpec): Place =>
    isHead(spec.name) ? { name: type.prefix + spec.name, shape: spec.shape } : type.place(spec, specs, config, inBackbone);
  return new Map(specs.map((spec) => [spec.name, placeOf(spec)]));
}

/** Copies one of our tensors to (`into`) or from its place. */
function copyTensor(own: AdapterTensor, stored: AdapterTensor, { column }: Place, direction: 'to file' | 'from file'): void {
  const width = column === undefined ? own.data.length : (own.shape.at(-1) ?? 1);
  const stride = column === undefined ? own.data.length : (stored.shape.at(-1) ?? 1);
  for (let row = 0; row * width < own.data.length; row++) {
    const mine = own.data.subarray(row * width, (row + 1) * width);
    const begin = row * stride + (column ?? 0);
    if (direction === 'to file') stored.data.set(mine, begin);
    else mine.set(stored.data.subarray(begin, begin + width));
  }
}

const emptyTensor = (shape: readonly number[]): AdapterTensor => ({
  shape,
  data: new Float32Array(shape.reduce((product, length) => product * length, 1)),
});

/** The tensors as PEFT's file has them. */
function packed(tensors: AdapterArchive['tensors'], places: ReadonlyMap<string, Place>): Map<string, AdapterTensor> {
  const stored = new Map<string, AdapterTensor>();
  for (const [name, own] of tensors) {
    const place = places.get(name) as Place;
    const whole = stored.get(place.name) ?? emptyTensor(place.shape);
    stored.set(place.name, whole);
    copyTensor(own, whole, place, 'to file');
  }
  return stored;
}

/** Modules that were trained whole: one by one above frozen layers, for PEFT looks for every one of a name. */
function savedModules({ hyper_parameters }: AdapterConfig, specs: readonly TensorSpec[]): string[] {
  const named = listed(hyper_parameters.modules_to_save);
  if (Number(hyper_parameters.frozen_layers ?? 0) === 0) return named;
  const modules = specs.map(({ name }) => name.slice(0, name.lastIndexOf('.')));
  return [...new Set(modules.filter((path) => named.some((name) => `.${path}.`.includes(`.${name}.`))))];
}

/** What tells AutoPeftModel the class of the model where PEFT has no task type for it; of a head that Transformers has not, nothing. */
function autoMapping(model: TaskModel, { pooling, head }: AdapterConfig): Record<string, string> | null {
  const base_model_class = typeOfHead(model, head).task_type === null ? model.architecture(pooling) : undefined;
  const { model_type } = model;
  return base_model_class === undefined
    ? null
    : { base_model_class, parent_library: `transformers.models.${model_type}.modeling_${model_type}` };
}

/** The small set of keys that old and new versions of PEFT accept, sorted as PEFT sorts them. */
function peftConfig(type: PeftType, model: TaskModel, config: AdapterConfig, specs: readonly TensorSpec[]): Record<string, unknown> {
  const saved = [...headModules(model.head(config.pooling, config.head)), ...savedModules(config, specs)];
  const keys = {
    auto_mapping: autoMapping(model, config),
    base_model_name_or_path: config.base_model.name,
    inference_mode: true,
    modules_to_save: saved.length > 0 ? saved : null,
    peft_type: type.peft_type,
    revision: null,
    task_type: typeOfHead(model, config.head).task_type,
    ...type.toPeft(config, specs, model),
  };
  return Object.fromEntries(Object.entries(keys).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const specsOf = (tensors: AdapterArchive['tensors']): TensorSpec[] => [...tensors].map(([name, { shape }]) => ({ name, shape }));

/** The type that says this adapter in PEFT's terms, or why there is none. */
export function peftTypeOf({ method: own, tensors, config }: AdapterArchive, model: TaskModel): PeftType | string {
  const type = peftTypes.find(({ method }) => method === own);
  return type === undefined ? 'PEFT has no type for this method.' : (type.refuses?.(specsOf(tensors), model, config) ?? type);
}

/**
 * adapter_model.safetensors, adapter_config.json, self_test.json, labels.json and README.md. The retrace config, which PEFT's has no room
 * for, rides in the tensor file's metadata.
 */
export function writePeft(
  type: PeftType,
  { config, labels, tensors, pictures }: AdapterArchive,
  facts: CardFacts,
  model: TaskModel,
  names: ModuleNames = 'newest',
): ArchiveFile[] {
  const { self_test, pooling, max_length, image_size, method } = config;
  const metadata = { format: 'pt', retrace: JSON.stringify(config) };
  const specs = specsOf(tensors);
  const own = packed(tensors, placesOf(type, model, config, specs));
  const said = peftConfig(type, model, config, specs);
  const nameInFile = (name: string) => (names === 'older' ? nameForOlder(name, model) : name);
  return [
    { path: TENSORS, bytes: writeSafetensors(tensorsToWrite(own, nameInFile), metadata) },
    { path: CONFIG, bytes: jsonBytes(names === 'older' ? configForOlder(said, model) : said) },
    ...(self_test === undefined ? [] : [{ path: SELF_TEST, bytes: jsonBytes({ pooling, max_length, image_size, ...self_test }) }]),
    ...selfTestPicturesFile(pictures),
    ...labelsFile(labels),
    writeModelCard(facts, {
      relation: 'adapter',
      library_name: 'peft',
      tags: [method, 'retrace', 'transformers'],
      how_to_load: howToLoad(config, model),
    }),
  ];
}

/** On: true, or something in a list or object. Numbers and texts only say more of an option that is switched elsewhere. */
const isOn = (value: unknown): boolean => value === true || (typeof value === 'object' && value !== null && Object.keys(value).length > 0);
/** PEFT sets `fan_in_fan_out` itself where it does not fit the layers that it adapts. */
const shared = ['inference_mode', 'modules_to_save', 'auto_mapping', 'fan_in_fan_out'];

function requireKnown(given: PeftConfig, type: PeftType): void {
  for (const [key, value] of Object.entries(given)) {
    if (isOn(value) && !shared.includes(key) && !type.known.includes(key)) refusePeft(given, key, 'none');
  }
}

/** Types under which PEFT loads a model of pictures, none of which is its own. */
const typesOfPictures: readonly unknown[] = ['SEQ_CLS', 'FEATURE_EXTRACTION'];

/** Of a model of pictures, for which PEFT has no task type. Error: `unsupported-peft`. */
function ofPictures(given: PeftConfig, type: PeftType): PeftType {
  const { task_type, auto_mapping } = given;
  if (task_type && !typesOfPictures.includes(task_type)) refusePeft(given, 'task_type', 'null');
  const { base_model_class: named } = isRecord(auto_mapping) ? auto_mapping : {};
  if (typeof named === 'string' && !taskTypes.pictures.classes.test(named))
    refusePeft(given, 'auto_mapping', 'a base_model_class that ends in "ForImageClassification"');
  requireKnown(given, type);
  return type;
}

/** The type of a PEFT folder, and the head of the model that it is of. Error: `unsupported-peft`, naming the key. */
function typeOf(given: PeftConfig, { writes, inputs }: TaskModel): { readonly type: PeftType; readonly head: HeadKind } {
  const type = peftTypes.find(({ peft_type }) => peft_type === given.peft_type);
  if (type === undefined) return refusePeft(given, 'peft_type', peftTypes.map(({ peft_type }) => `"${peft_type}"`).join(', '));
  if (inputs === 'image') return { type: ofPictures(given, type), head: 'sequence' };
  const { auto_mapping } = given;
  const { base_model_class: named } = isRecord(auto_mapping) ? auto_mapping : {};
  const isNamed = ({ classes }: TaskType) => typeof named === 'string' && classes.test(named);
  const known = [taskTypes.sequence, ...(writes ? [writes.type] : [])];
  // Where the task is not named, the class may be; others read other states, or tokens.
  const found = given.task_type
    ? known.find(({ task_type }) => task_type === given.task_type)
    : (known.find(isNamed) ?? taskTypes.sequence);
  const shownTypes = known.map(({ task_type }) => `"${task_type}"`).join(' or ');
  if (found === undefined || (!given.task_type && type.needsTask))
    return refusePeft(given, 'task_type', type.needsTask ? shownTypes : `${shownTypes} or null`);
  if (named !== undefined && named !== null && !isNamed(found))
    refusePeft(
      given,
      'auto_mapping',
      `a base_model_class that ends in "${found === taskTypes.sequence ? 'ForSequenceClassification' : 'ForCausalLM'}"`,
    );
  requireKnown(given, type);
  return { type, head: found === taskTypes.sequence ? 'sequence' : 'words' };
}

/** The retrace config of a folder that PEFT wrote: what it does not say is null, or what Transformers' own classifier does. */
const foreignConfig = (given: PeftConfig, { model_type, pooling }: TaskModel): Record<string, unknown> => ({
  format: 'retrace',
  format_version: FORMAT_VERSION,
  base_model: {
    name: typeof given.base_model_name_or_path === 'string' ? given.base_model_name_or_path : 'unknown',
    model_type,
    sha256: null,
    dtype: null,
  },
  pooling,
  seed: null,
  retrace_version: null,
});

const noHead = { classes: [], before: [] } as const;

/** A model that writes: its words come from a table of the backbone, and no head is on it. */
const writing = (model: TaskModel): TaskModel => ({ ...model, head: () => noHead, names: () => model.names('words') });

/** Error `unsupported-peft`, of a file that has trained one of several modules that are one here. */
function requireWhole({ ours }: StoredNames, shared: ReadonlyMap<string, string>): void {
  const apart = [...shared].flat().find((name) => ours.has(name));
  if (apart === undefined) return;
  refuseAdapter(
    'unsupported-peft',
    `${TENSORS} has ${apart}, a table that several modules of the model hold at once; PEFT has trained it in one of them apart from the others, which is not supported.`,
    `${TENSORS}, ${ours.get(apart)}`,
    'Train again without it in modules_to_save; or save the model with tie_word_embeddings false, its tables apart, as the base of the adapter.',
  );
}

/** Reads what `writePeft` or PEFT itself saved. Errors: those of `readAdapter`, `unsupported-peft`. */
export async function readPeft(files: ReadonlyMap<string, Uint8Array>, expect: AdapterExpectations): Promise<AdapterArchive> {
  const said = jsonOf(files, CONFIG);
  const { type, head: kind } = typeOf(said, expect.model);
  const model = kind === 'words' ? writing(expect.model) : expect.model;
  const { file, given } = withNewNames(await openTensors(files, TENSORS, TORCH_TENSORS), said, model);
  const where = `${TENSORS}, __metadata__`;
  const mirrored = file.metadata.retrace === undefined ? undefined : parseJson(where, file.metadata.retrace);
  const names = storedNames(type, model, file);
  requireWhole(names, model.shared(kind));
  const pooling = isRecord(mirrored) ? mirrored['pooling'] : model.pooling;
  const isHead = isHeadOf(model.head(typeof pooling === 'string' ? pooling : model.pooling, kind));
  const base: PeftBase = { model, isHead, stored: new Set(names.ours.keys()), mirrored: mirroredOptions(mirrored) };
  const hyper_parameters = type.fromPeft(given, base);
  const max_length = Math.max(1, expect.positionsOf?.(type.method, hyper_parameters) ?? 512);
  const ofClasses = !isRecord(mirrored) && kind === 'sequence';
  const head = ofClasses ? await foreignHead(type, given, base, names, file, expect) : undefined;
  const outputs = kind === 'words' ? { head: kind, task: model.writes?.task, num_labels: 1 } : { num_labels: head?.num_labels };
  const whole = isRecord(mirrored) ? mirrored : { ...foreignConfig(given, model), ...outputs, max_length };
  // PEFT's own file decides what both say, for that is what PEFT would do.
  const merged = {
    ...whole,
    method: type.method,
    hyper_parameters: { ...mirroredOptions(mirrored), ...hyper_parameters },
  };
  return readArchive(merged, isRecord(mirrored) ? where : CONFIG, expect, async (config, specs) => {
    // Classes of our own runs have an order of their own.
    const named = readLabels(files, config, isRecord(mirrored) ? {} : expect);
    if (config.self_test !== undefined && files.has(SELF_TEST)) {
      const { texts, logits } = jsonOf(files, SELF_TEST);
      const { texts: recorded, logits: own } = config.self_test;
      requireOneRun({ self_test: { texts, logits } }, { self_test: { texts: recorded, logits: own } }, [SELF_TEST, TENSORS]);
    }
    const tensors = await unpacked(type, model, config, { file, names, head }, specs);
    const borrowed = head?.fromBase.size ? [`The adapter has no classifier of its own: it works with that of ${expect.base?.name}.`] : [];
    const notes = [...borrowed, ...(named.notes ?? [])];
    return { labels: named.labels, tensors, ...(notes.length > 0 ? { notes } : {}) };
  });
}

const mirroredOptions = (mirrored: unknown): Readonly<Record<string, unknown>> =>
  isRecord(mirrored) && isRecord(mirrored['hyper_parameters']) ? mirrored['hyper_parameters'] : {};

/** Our tensors from PEFT's file. Errors: those of `readTensors`. */
async function unpacked(
  type: PeftType,
  model: TaskModel,
  config: AdapterConfig,
  { file, names, head }: { file: TensorFile; names: StoredNames; head: ForeignHead | undefined },
  specs: readonly TensorSpec[],
): Promise<Map<string, AdapterTensor>> {
  const fromBase = head?.fromBase ?? new Map<string, AdapterTensor>();
  const saved = specs.filter(({ name }) => !fromBase.has(name));
  const places = placesOf(type, model, config, saved);
  const needed = { ...file, tensors: new Map([...file.tensors].filter(([name]) => !names.copies.has(name) && !head?.merged.has(name))) };
  const wanted = [...new Map([...places.values()].map((place) => [place.name, place])).values()];
  const stored = await readTensors(needed, wanted, (name) => names.ours.get(ourName(type, model, name)) ?? name);
  return new Map([
    ...fromBase,
    ...saved.map(({ name, shape }) => {
      const place = places.get(name) as Place;
      const own = emptyTensor(shape);
      copyTensor(own, stored.get(place.name) as AdapterTensor, place, 'from file');
      return [name, own] as const;
    }),
  ]);
}
