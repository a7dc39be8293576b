// What an adapter must fit to be read for a base: the tensors that its method has there, the names that its configuration may choose by, the
// positions that its texts may have. Reads no adapter (importing.ts, src/formats). Invariant: all of it comes from the programs that would run.

import type { AdapterConfig, AdapterExpectations, HyperParameters } from '../../formats/adapter_archive.ts';
import { type BackboneNames, type TaskModel, taskTypes } from '../../formats/task_model.ts';
import { methodNamed, methods, resolveOptions } from '../../methods/registry.ts';
import { singleStream } from '../../methods/single_stream.ts';
import { architectureOf, type Backbone, type HeadKind, headOf, ownPooling, positionsOf, sharedParameters } from '../../models/model.ts';
import { defaultTraining, type MethodChoices, type MethodName, type Pooling } from '../../protocol/config.ts';
import { textPositions } from '../../protocol/lengths.ts';
import { taskOf } from '../../tasks/registry.ts';
import { planPrograms } from '../../train/programs.ts';
import type { EngineConfig } from '../engine/engine.ts';
import { type ResolvedMethod, resolveMethod, setupOf } from '../engine/setup.ts';
import type { BaseModel } from '../models/base_model.ts';
import { checkpointClassifier, isUnnamed, labelNames } from '../models/classifier.ts';
import { backboneParameters } from '../models/required_weights.ts';
import { storedShape } from '../models/stored_form.ts';
import { hasDecoder, inputsOf, taskFor, writtenTask } from '../models/task_fit.ts';

/** What of an adapter's configuration decides the programs. */
export function engineConfigOf(config: AdapterConfig, model: BaseModel): EngineConfig {
  const method = methodNamed(config.method);
  const chosen: MethodChoices = Object.fromEntries(
    Object.entries(config.hyper_parameters).filter(([key]) => (method.uses as readonly string[]).includes(key)),
  );
  return {
    task: taskOf(config, inputsOf(model.backbone())).name,
    method: config.method as MethodName,
    policy: method.defaultPolicy,
    checkpoint_every: 1,
    options: chosen,
    pooling: config.head === 'words' ? undefined : config.pooling,
    training: { ...defaultTraining, max_length: config.max_length, dropout: 0 },
  };
}

/** The programs of one short text under such a configuration: enough to know what there is. */
function outlineOf(model: BaseModel, engine: EngineConfig, num_labels: number, resolved: ResolvedMethod) {
  return planPrograms(
    setupOf({
      task: taskFor(engine.task, model.backbone()),
      model,
      resolved,
      memory: engine,
      pooling: engine.pooling,
      num_labels,
      batch_size: 1,
      buckets: [{ length: 8 }],
      dropout: 0,
      optimizer: engine.training,
      purposes: ['evaluation'],
    }),
  ).registry;
}

/** Tensors that an adapter of this configuration must hold on this base. */
export function expectedTensors(model: BaseModel, config: AdapterConfig): { name: string; shape: readonly number[] }[] {
  const engine = engineConfigOf(config, model);
  const registry = outlineOf(
    model,
    engine,
    config.num_labels,
    resolveMethod(engine.method, engine.policy, engine.options, model.backbone().defaults),
  );
  return [...registry.parameters.values()]
    .filter(({ trainable }) => trainable)
    .map((parameter) => ({ name: parameter.name, shape: storedShape(parameter) }));
}

/** Under the head that Transformers gives it. */
function namesOf(model: BaseModel, kind: HeadKind): BackboneNames {
  const dense: string[] = [];
  const adapts = ({ path }: { readonly path: string }) => {
    dense.push(path);
    return false;
  };
  const { method, options, policy } = resolveMethod('linear-probe', 'store', {}, model.backbone().defaults);
  const engine: EngineConfig = {
    method: method.name,
    policy,
    checkpoint_every: 1,
    options: {},
    pooling: ownPooling(model.backbone()),
    training: defaultTraining,
  };
  const looking = { ...method, wire: () => singleStream({ linear: { adapts } }) };
  const registry = outlineOf(model, engine, 1, { method: looking, options, policy });
  const traced = kind === 'words' ? backboneParameters(model, undefined) : [...registry.parameters.values()];
  const parameters = traced.filter(({ owner }) => owner !== 'head');
  return {
    dense,
    parameters: parameters.map(({ name }) => name),
    transposed: parameters.filter(({ stored }) => stored?.layout === 'transposed').map(({ name }) => name),
  };
}

const noHead = { classes: [], before: [] } as const;

/** How a model that writes is written down where nothing else is said. */
const writingOf = (backbone: Backbone): NonNullable<TaskModel['writes']> => ({
  task: writtenTask(backbone),
  type: hasDecoder(backbone) ? taskTypes.target_words : taskTypes.words,
});

/** A base as the formats of adapters know it. */
export function taskModelOf(model: BaseModel): TaskModel {
  const backbone = model.backbone();
  const { model_type, num_hidden_layers, num_attention_heads, hidden_act } = backbone.config;
  const names = new Map<HeadKind, BackboneNames>();
  return {
    ...{ model_type, num_hidden_layers, num_attention_heads, hidden_act },
    prefix: backbone.names.prefixes[0] ?? '',
    beside: backbone.names.beside ?? [],
    inputs: inputsOf(backbone),
    architecture: (pooling) => architectureOf(backbone, 'sequence', pooling as Pooling),
    ...(backbone.names.written ? { older: backbone.names.written } : {}),
    pooling: ownPooling(backbone),
    head: (pooling, kind = 'sequence') => (kind === 'words' ? noHead : headOf(backbone, pooling as Pooling, kind)),
    shared: (kind = 'sequence') => sharedParameters(backbone, kind),
    ...(backbone.vocabulary ? { writes: writingOf(backbone) } : {}),
    defaults: backbone.defaults,
    names(kind = 'sequence') {
      const known = names.get(kind) ?? namesOf(model, kind);
      names.set(kind, known);
      return known;
    },
  };
}

/** The longest text that an adapter's method takes on this base. */
const positionsOn =
  (model: BaseModel) =>
  (name: string, { num_virtual_tokens }: HyperParameters): number => {
    const method = methodNamed(name);
    const preset = resolveOptions(method, {}, model.backbone().defaults).num_virtual_tokens;
    const options = { num_virtual_tokens: Number(num_virtual_tokens ?? preset) };
    return textPositions(positionsOf(model.backbone().config), method, options);
  };

/** What an adapter for this base must fit. `sha256` of the base's checkpoint, where it is known by now. */
export const expectationsOn = (model: BaseModel, sha256: string | undefined): AdapterExpectations => ({
  methods: methods.map((method) => method.name),
  base: { name: model.name, ...(sha256 === undefined ? {} : { sha256 }) },
  model: taskModelOf(model),
  positionsOf: positionsOn(model),
  head: () => checkpointClassifier(model, { pooling: ownPooling(model.backbone()), head: 'sequence' }),
  classNames(count) {
    const names = labelNames(model.config, count);
    return names && !isUnnamed(names) ? names : undefined;
  },
  tensorsOf: (config) => expectedTensors(model, config),
});
