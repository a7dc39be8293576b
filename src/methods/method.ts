// What a fine-tuning method is: which parameters train, what it adds at the model's sites, and how the layers are stacked. Forward code only; the
// passes over the graph, the planner and the executor know no method.

import type { Graph } from '../graph/graph.ts';
import type { Parameter, Tensor } from '../graph/tensor.ts';
import {
  type Adaptation,
  type Backbone,
  type BackboneDefaults,
  type HeadKind,
  type LayerBlocks,
  type LinearSite,
  sharedParameters,
} from '../models/model.ts';
import type { MethodDiagram, MethodGroup } from '../protocol/cards.ts';
import type { MethodName, MethodOptions, PolicyName, StreamKind } from '../protocol/config.ts';
import { RetraceError } from '../protocol/errors.ts';
import type { Layer } from '../stack/layers.ts';

/** A method applied to a model. */
export interface Wiring {
  readonly adaptation: Adaptation;
  layer(blocks: LayerBlocks): Layer;
  /** The stack's input streams from what is below it [B, T, C]. */
  start(g: Graph, h: Tensor): Tensor[];
  /** A stream's value as f32. */
  read(g: Graph, stream: Tensor): Tensor;
  /** The last hidden states from the values of the stack's output streams. `top` is what the model has behind its last layer. */
  finish(g: Graph, values: readonly Tensor[], top: (h: Tensor) => Tensor): Tensor;
  readonly streams: StreamKind | 'single';
  /** Layers work on a batch whole: unless asked otherwise, where parts would cost more than they spare; always, where its examples see each other. */
  readonly wholeBatch?: 'unless asked' | 'always';
  /** Streams that have no backward pass. */
  readonly constantStreams?: readonly number[];
}

/** Values by the names of their parameters. */
export type TrainedValues = ReadonlyMap<string, Float32Array>;

/** The values of a parameter, row-major, as the plain model has them. */
export type Merged = (values: Float32Array) => Float32Array<ArrayBuffer>;

export interface Method {
  readonly name: MethodName;
  readonly title: string;
  /** One sentence: what trains and what is kept. */
  readonly summary: string;
  readonly group: MethodGroup;
  readonly diagram: MethodDiagram;
  readonly paper?: { readonly title: string; readonly url: string };
  trains(parameter: Pick<Parameter, 'name' | 'owner' | 'dense'>, options: MethodOptions): boolean;
  /** Why a policy makes no sense for this method, or undefined where it does. */
  refuses(policy: PolicyName): string | undefined;
  /** Why it makes no sense for a model, or undefined where it does; left out: for none. */
  refusesModel?(backbone: Backbone): string | undefined;
  readonly defaultPolicy: PolicyName;
  readonly learning_rate: number;
  /** Hyper-parameters that it reads. */
  readonly uses: readonly (keyof MethodOptions)[];
  /** Reasons for defaults that are this method's own; the others stand in options.ts. */
  readonly why?: Readonly<Partial<Record<keyof MethodOptions, string>>>;
  /** What its own field calls a hyper-parameter, where that is not the common name. */
  readonly labels?: Readonly<Partial<Record<keyof MethodOptions, string>>>;
  /** The PEFT type that its export is written as; left out where PEFT has none. */
  readonly peft?: 'LORA' | 'IA3' | 'PREFIX_TUNING' | 'PROMPT_TUNING';
  /**
   * How a parameter of the backbone changes so that the plain model gives what the method gives, undefined where it stays as it is. `trained`: the method's
   * own values, by name. Left out: no weights of the plain model give it.
   */
  merged?(parameter: Pick<Parameter, 'name' | 'shape'>, trained: TrainedValues, options: MethodOptions): Merged | undefined;
  /** Own defaults, given the streams and what the architecture has of its own. */
  options(streams: StreamKind, backbone: BackboneDefaults): Partial<MethodOptions>;
  /** Options that go together, from all that were chosen; left out: as they are. */
  settled?(options: MethodOptions, backbone: BackboneDefaults): MethodOptions;
  wire(backbone: Backbone, options: MethodOptions): Wiring;
}

/** Why methods of virtual tokens are refused where a model reads with one stack of layers and writes with another. */
export const tokensOfOneText = ({ stacks }: Pick<Backbone, 'stacks'>): string | undefined =>
  stacks.length > 1
    ? 'Its virtual tokens stand before one text, and an encoder and a decoder read two; which of them they belong to differs between papers and libraries.'
    : undefined;

/** Error `method-refused`, where a method makes no sense for a model. */
export function requireFits(method: Method, backbone: Backbone): void {
  const why = method.refusesModel?.(backbone);
  if (why === undefined) return;
  throw new RetraceError({
    code: 'method-refused',
    message: `${method.title} can't be used with this model (${backbone.config.model_type}). ${why}`,
    where: 'method',
    remedy: 'Use another method, such as meft1 or lora.',
  });
}

/** What the method and the task add trains, and nothing of the backbone. */
export const trainsAdditions = ({ owner }: Pick<Parameter, 'owner'>): boolean => owner !== 'backbone';

/** Of methods that train what the plain model has, and add nothing to it. */
export const addsNothing = (): undefined => undefined;

/** Whether a module path is one that `names` end, as PEFT matches target_modules. */
export const endsInOneOf = (path: string, names: readonly string[]): boolean =>
  names.some((name) => path === name || path.endsWith(`.${name}`));

/** Whether a module, or one round it, is named by modules_to_save, as PEFT matches them: it trains whole and gets no adapter. */
export const isSaved = (path: string, { modules_to_save }: Pick<MethodOptions, 'modules_to_save'>): boolean =>
  modules_to_save.some((name) => `.${path}.`.includes(`.${name}.`));

/** The same of a parameter: the path of its module. */
export const savesParameter = (name: string, options: Pick<MethodOptions, 'modules_to_save'>): boolean =>
  isSaved(name.slice(0, name.lastIndexOf('.')), options);

/** Whether a dense layer gets the method's update. */
export const isTarget = (path: string, options: Pick<MethodOptions, 'target_modules' | 'modules_to_save'>): boolean =>
  (options.target_modules.includes('all-linear') || endsInOneOf(path, options.target_modules)) && !isSaved(path, options);

/** The dense layers that target_modules name, and an error for names that none has had. Error: `target-modules`. */
export function targets(
  options: Pick<MethodOptions, 'target_modules' | 'modules_to_save'>,
): Pick<NonNullable<Adaptation['linear']>, 'adapts' | 'requireFound'> {
  const names = options.target_modules;
  const missed = new Set(names);
  const seen = new Set<string>();
  return {
    adapts({ path }: LinearSite) {
      seen.add(path.replace(/^.*\.\d+\./, ''));
      for (const name of missed) if (name === 'all-linear' || endsInOneOf(path, [name])) missed.delete(name);
      return isTarget(path, options);
    },
    requireFound() {
      if (names.length > 0 && missed.size === 0) return;
      const which = [...missed].map((name) => `'${name}'`).join(' or ');
      throw new RetraceError({
        code: 'target-modules',
        message: which ? `No dense layer of this run is named ${which}.` : 'No dense layer is named.',
        where: 'target_modules',
        remedy: `Name the ends of some of these paths: ${[...seen].join(', ')}; or all-linear, for all of them.`,
      });
    },
  };
}

/** What is to be saved, of which model, with which head. */
interface Saving {
  readonly method: Method;
  readonly options: MethodOptions;
  readonly backbone: Backbone;
  readonly head: HeadKind;
}

/**
 * Error `modules-to-save` where one of them names no part of what is there, or a part that PEFT would train apart from itself. `parameters`: names of all.
 */
export function requireSaved({ method, options, backbone, head }: Saving, parameters: Iterable<string>): void {
  const { modules_to_save } = options;
  const names = [...parameters];
  const shared = [...sharedParameters(backbone, head).keys()].find((name) => savesParameter(name, options));
  if (method.peft && shared !== undefined) {
    throw new RetraceError({
      code: 'modules-to-save',
      message: `'${shared}' is in several modules of the model at once: what reads words is also what ${head === 'words' ? 'writes' : 'the decoder reads'} them by. PEFT, in whose layout ${method.title} is exported, trains one of these modules apart from the others.`,
      where: 'modules_to_save',
      remedy: 'Leave it out; or train it with full fine-tuning.',
    });
  }
  const missed = modules_to_save.find((module) => !names.some((name) => savesParameter(name, { modules_to_save: [module] })));
  if (missed === undefined) return;
  throw new RetraceError({
    code: 'modules-to-save',
    message: `No part of the model in this run is named '${missed}'.`,
    where: 'modules_to_save',
    remedy: `Name modules, such as ${names
      .filter((name) => name.endsWith('.weight'))
      .slice(-3)
      .map((name) => name.slice(0, -'.weight'.length))
      .join(', ')}, or the ends of their names. The pooler is there with pooling cls only.`,
  });
}
