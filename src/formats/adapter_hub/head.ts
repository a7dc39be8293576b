// A classification head of AdapterHub: one layer behind the model's pooler, which is our classifier; or two, dense and tanh on the first token before
// it, which is our classifier behind a pooler of its own weights. `BertForSequenceClassification` saves the first kind without a configuration.

import { isRecord } from '../text.ts';
import { refuseHub } from './hub_type.ts';

export const HEAD_CONFIG = 'head_config.json';

export interface HubHead {
  /** Modules of ours beside the classifier that the head's file holds. */
  readonly modules_to_save: readonly string[];
  readonly labels: readonly string[] | undefined;
  /** What one of our tensors is called in the file. */
  storedName(name: string): string;
}

/** Names by their numbers, where every class has one. */
function labelsOf(label2id: unknown): string[] | undefined {
  const entries = isRecord(label2id) ? Object.entries(label2id) : [];
  const labels = entries.toSorted(([, a], [, b]) => Number(a) - Number(b));
  return labels.length > 0 && labels.every(([, id], i) => id === i) ? labels.map(([label]) => label) : undefined;
}

/** Error: `unsupported-adapter-hub`. */
export function headOf(given: Readonly<Record<string, unknown>>): HubHead {
  const { config, name, label2id } = given;
  if (config === null || config === undefined) {
    if (!/ForSequenceClassification$/.test(String(given['model_class'])))
      refuseHub(given, 'model_class', 'a class that ends in "ForSequenceClassification"', HEAD_CONFIG);
    return { modules_to_save: [], labels: labelsOf(label2id), storedName: (own) => own };
  }
  if (!isRecord(config)) return refuseHub(given, 'config', 'an object', HEAD_CONFIG);
  if (config['head_type'] !== 'classification') refuseHub(config, 'head_type', '"classification"', HEAD_CONFIG);
  if ((config['bias'] ?? true) !== true) refuseHub(config, 'bias', 'true', HEAD_CONFIG);
  const layers = config['layers'] ?? 2;
  if (layers === 1 && config['use_pooler'] !== true) refuseHub(config, 'use_pooler', 'true, with one layer,', HEAD_CONFIG);
  if (layers === 2 && config['use_pooler'] === true) refuseHub(config, 'use_pooler', 'false, with two layers,', HEAD_CONFIG);
  if (layers === 2 && (config['activation_function'] ?? 'tanh') !== 'tanh') refuseHub(config, 'activation_function', '"tanh"', HEAD_CONFIG);
  if (layers !== 1 && layers !== 2) refuseHub(config, 'layers', '1 or 2', HEAD_CONFIG);
  const at: Readonly<Record<string, number>> = layers === 1 ? { classifier: 1 } : { 'pooler.dense': 1, classifier: 4 };
  return {
    modules_to_save: layers === 1 ? [] : ['pooler'],
    labels: labelsOf(config['label2id']),
    storedName: (own) =>
      own.replace(/^(.*)\.(weight|bias)$/, (_, module: string, part: string) => `heads.${String(name)}.${at[module]}.${part}`),
  };
}

/** The configuration of our head: with a pooler of its own weights, or behind the base's. */
export const headConfig = (labels: readonly string[], ownPooler: boolean): Record<string, unknown> => ({
  activation_function: 'tanh',
  bias: true,
  dropout_prob: null,
  head_type: 'classification',
  label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
  layers: ownPooler ? 2 : 1,
  num_labels: labels.length,
  use_pooler: !ownPooler,
});
