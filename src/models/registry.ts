// Architectures by `model_type`. A new one is a file beside bert.ts and a row here, which also says how a configuration without a model_type is known.

import { RetraceError } from '../protocol/errors.ts';
import { shownValue } from '../protocol/shown.ts';
import { bart, readBartConfig } from './bart.ts';
import { bert, bertDefaults, readBertConfig } from './bert.ts';
import { distilbert, readDistilBertConfig } from './distilbert.ts';
import { gpt2, readGpt2Config } from './gpt2.ts';
import type { Backbone, BackboneDefaults } from './model.ts';
import { opt, readOptConfig } from './opt.ts';
import { readRobertaConfig, roberta } from './roberta.ts';
import { deit, readDeitConfig, readVitConfig, vit } from './vit.ts';

interface Architecture {
  build(json: unknown, place: string, dropout?: number): Backbone;
  /** Names of Transformers' classes, as `architectures` lists them. */
  readonly classes: RegExp;
  /** Whether these keys and no others are an old configuration of it, which lists no classes either. */
  hasKeysOf(config: Readonly<Record<string, unknown>>): boolean;
}

const hasAll = (config: Readonly<Record<string, unknown>>, keys: readonly string[]): boolean =>
  keys.every((key) => Object.hasOwn(config, key));

/** Every key of bert_config.json as Google wrote it in 2018. RoBERTa's old ones have one token type; ELECTRA's and ALBERT's an `embedding_size`. */
const bertKeys = ['hidden_size', 'num_hidden_layers', 'num_attention_heads', 'intermediate_size', 'hidden_act', 'vocab_size'];

const architectures: Readonly<Record<string, Architecture>> = {
  bert: {
    build: (json, place, dropout) => bert(readBertConfig(json, place, dropout)),
    classes: /^Bert(?:Model|For|LMHead)/,
    hasKeysOf: (config) => hasAll(config, bertKeys) && config.type_vocab_size === 2 && !Object.hasOwn(config, 'embedding_size'),
  },
  roberta: {
    build: (json, place, dropout) => roberta(readRobertaConfig(json, place, dropout)),
    classes: /^Roberta(?:Model|For)/,
    hasKeysOf: (config) => hasAll(config, bertKeys) && config.type_vocab_size === 1 && !Object.hasOwn(config, 'embedding_size'),
  },
  distilbert: {
    build: (json, place, dropout) => distilbert(readDistilBertConfig(json, place, dropout)),
    classes: /^DistilBert(?:Model|For)/,
    hasKeysOf: (config) => hasAll(config, ['dim', 'n_layers', 'n_heads', 'hidden_dim', 'vocab_size']),
  },
  gpt2: {
    build: (json, place, dropout) => gpt2(readGpt2Config(json, place, dropout)),
    classes: /^GPT2(?:Model|LMHead|For|DoubleHeads)/,
    hasKeysOf: (config) => hasAll(config, ['n_embd', 'n_layer', 'n_head', 'n_positions', 'vocab_size']) && !Object.hasOwn(config, 'afn'),
  },
  opt: {
    build: (json, place, dropout) => opt(readOptConfig(json, place, dropout)),
    classes: /^OPT(?:Model|For)/,
    hasKeysOf: (config) => hasAll(config, ['word_embed_proj_dim', 'do_layer_norm_before', 'ffn_dim']),
  },
  bart: {
    build: (json, place, dropout) => bart(readBartConfig(json, place, dropout)),
    classes: /^Bart(?:Model|For)/,
    // Its keys are those of other models too, whose norms stand elsewhere.
    hasKeysOf: () => false,
  },
  vit: {
    build: (json, place, dropout) => vit(readVitConfig(json, place, dropout)),
    classes: /^ViT(?:Model|For)/,
    hasKeysOf: (config) => hasAll(config, ['image_size', 'patch_size', 'num_channels', 'qkv_bias', 'encoder_stride']),
  },
  deit: {
    build: (json, place, dropout) => deit(readDeitConfig(json, place, dropout)),
    classes: /^DeiT(?:Model|For)/,
    // Its keys are a ViT's.
    hasKeysOf: () => false,
  },
};

/** What cards and help texts show, which know no model. */
export const usualDefaults: BackboneDefaults = bertDefaults;

const names = Object.keys(architectures);
/** `model_type` of every architecture that is there. */
export const supportedTypes: readonly string[] = names;

/** What the configuration says; an empty text says nothing. */
const saidType = (json: unknown): unknown => (json as { model_type?: unknown } | null)?.model_type || undefined;

/** The architecture of a configuration that does not name its own, by the classes that it lists, else by its keys. */
export function recognised(json: unknown): string | undefined {
  const config = typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Readonly<Record<string, unknown>>) : {};
  if (saidType(json) !== undefined) return undefined;
  const listed = Array.isArray(config.architectures) ? config.architectures : [];
  if (listed.length === 0) return names.find((name) => architectures[name]?.hasKeysOf(config));
  return names.find((name) => listed.every((one) => typeof one === 'string' && architectures[name]?.classes.test(one)));
}

/** The backbone that a config.json describes. `dropout` replaces the configuration's dropout probabilities. */
export function backboneOf(json: unknown, place: string, dropout?: number): Backbone {
  const said = saidType(json);
  const type = said ?? recognised(json);
  const architecture = typeof type === 'string' && Object.hasOwn(architectures, type) ? architectures[type] : undefined;
  if (architecture) return architecture.build(json, place, dropout);
  const supported = `supported: ${names.join(', ')}`;
  throw new RetraceError({
    code: 'unsupported-model-type',
    message:
      said === undefined
        ? `config.json has no model_type, and its keys are those of no supported architecture (${supported}).`
        : `The model_type ${shownValue(said)} is not supported; ${supported}.`,
    where: `${place}: model_type`,
    remedy:
      said === undefined
        ? `If the model is one of these, add its line to config.json, such as "model_type": "${names[0]}". Else choose another model.`
        : 'Choose a model of a supported architecture, such as the bundled all-MiniLM-L6-v2.',
  });
}
