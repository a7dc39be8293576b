// LoRA in the layout of Hugging Face PEFT (0.21), so that PEFT loads it as its own and adapters made with PEFT are read here.
// Invariant: names and shapes in adapter_model.safetensors are those that PEFT itself saves, and nothing that PEFT would read otherwise
// is passed over: what is not supported is refused.

import {
  type AdapterArchive,
  type AdapterConfig,
  type AdapterExpectations,
  checkBase,
  FORMAT_VERSION,
  jsonBytes,
  jsonOf,
  labelsFile,
  openTensors,
  parseConfig,
  readLabels,
  readTensors,
  refuseAdapter,
  tensorsToWrite,
} from './adapter_archive.ts';
import { type CardFacts, writeModelCard } from './model_card.ts';
import { type SafetensorsFile, writeSafetensors } from './safetensors.ts';
import { isRecord, parseJson } from './text.ts';
import type { ArchiveFile } from './zip.ts';

const CONFIG = 'adapter_config.json';
const TENSORS = 'adapter_model.safetensors';
const PEFT_PREFIX = 'base_model.model.';

/** Where the backbone sits in Transformers' task model, by model_type. The head has no prefix. */
const BACKBONE_PREFIX: Readonly<Record<string, string>> = { bert: 'bert.', roberta: 'roberta.' };

function nameInPeft(model_type: string): (name: string) => string {
  const prefix = BACKBONE_PREFIX[model_type];
  if (prefix === undefined) {
    const known = Object.keys(BACKBONE_PREFIX).join(', ');
    refuseAdapter('unknown-model-type', `PEFT's names for model_type "${model_type}" are not known here; known are ${known}.`, CONFIG);
  }
  return (name) => PEFT_PREFIX + (name.startsWith('classifier.') ? name : prefix + name);
}

/** The small set of keys that old and new versions of PEFT accept, sorted as PEFT sorts them. */
function peftConfig({ base_model, hyper_parameters }: AdapterConfig): Record<string, unknown> {
  return {
    alpha_pattern: {},
    auto_mapping: null,
    base_model_name_or_path: base_model.name,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    layers_pattern: null,
    layers_to_transform: null,
    lora_alpha: hyper_parameters.lora_alpha,
    lora_dropout: hyper_parameters.lora_dropout,
    modules_to_save: ['classifier'],
    peft_type: 'LORA',
    r: hyper_parameters.adapter_size,
    rank_pattern: {},
    revision: null,
    target_modules: hyper_parameters.target_modules,
    task_type: 'SEQ_CLS',
  };
}

function howToLoad({ base_model, pooling }: AdapterConfig): string {
  if (pooling === 'mean') {
    return `The classifier reads the mean of the tokens, as the base model's own \`1_Pooling\` says; plain Transformers has no such head.
With the \`python/\` folder of Retrace on the path and \`pip install torch transformers peft\`:

\`\`\`python
from retrace import load

adapter = load("this-folder-or-zip", base_model="folder of the base model")
print(adapter.predict("a sentence"))  # probability by label
\`\`\``;
  }
  return `With \`pip install torch transformers peft\`:

\`\`\`python
import json
from peft import PeftModel
from transformers import AutoModelForSequenceClassification

labels = json.load(open("this-folder/labels.json"))
base = AutoModelForSequenceClassification.from_pretrained(
    ${JSON.stringify(base_model.name)}, num_labels=len(labels["labels"]),
    id2label=dict(enumerate(labels["labels"])), label2id=labels["label2id"],
)
model = PeftModel.from_pretrained(base, "this-folder").eval()
\`\`\``;
}

/**
 * adapter_model.safetensors, adapter_config.json, self_test.json, labels.json and README.md. The retrace config, which PEFT's has no room
 * for, rides in the tensor file's metadata. Needs the hyper-parameters adapter_size (PEFT's r), lora_alpha, lora_dropout, target_modules.
 */
export function writePeft({ config, labels, tensors }: AdapterArchive, facts: CardFacts): ArchiveFile[] {
  const { self_test, pooling, max_length, base_model } = config;
  const metadata = { format: 'pt', retrace: JSON.stringify(config) };
  return [
    { path: TENSORS, bytes: writeSafetensors(tensorsToWrite(tensors, nameInPeft(base_model.model_type)), metadata) },
    { path: CONFIG, bytes: jsonBytes(peftConfig(config)) },
    ...(self_test === undefined ? [] : [{ path: 'self_test.json', bytes: jsonBytes({ pooling, max_length, ...self_test }) }]),
    labelsFile(labels),
    writeModelCard(facts, { library_name: 'peft', tags: ['lora', 'retrace', 'transformers'], how_to_load: howToLoad(config) }),
  ];
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === false || (typeof value === 'object' && Object.keys(value).length === 0);

/** Options of LoRA that change what the tensors mean; each must be absent, null, false or empty. */
const UNSUPPORTED = [
  'use_dora',
  'use_rslora',
  'fan_in_fan_out',
  'rank_pattern',
  'alpha_pattern',
  'lora_bias',
  'target_parameters',
] as const;
const UNSUPPORTED_TOO = ['layers_to_transform', 'layer_replication', 'trainable_token_indices', 'use_qalora', 'use_bdlora'] as const;

function checkPeftConfig(given: Record<string, unknown>): {
  r: number;
  lora_alpha: number;
  lora_dropout: number;
  target_modules: string[];
} {
  const refuse = (key: string, wanted: string): never =>
    refuseAdapter(
      'unsupported-peft',
      `${CONFIG} says ${key} ${JSON.stringify(given[key])}; ${wanted} is supported.`,
      `${CONFIG}, ${key}`,
      'Only plain LoRA on named modules, with a classifier, can be loaded here.',
    );
  if (given.peft_type !== 'LORA') refuse('peft_type', '"LORA"');
  if ((given.task_type ?? 'SEQ_CLS') !== 'SEQ_CLS') refuse('task_type', '"SEQ_CLS"');
  if ((given.bias ?? 'none') !== 'none') refuse('bias', '"none"');
  for (const key of [...UNSUPPORTED, ...UNSUPPORTED_TOO]) if (!isEmpty(given[key])) refuse(key, 'none');
  const { r = 8, lora_alpha = 8, lora_dropout = 0, target_modules, modules_to_save } = given;
  const saved = Array.isArray(modules_to_save) ? modules_to_save : ['classifier'];
  if (saved.some((name) => name !== 'classifier' && name !== 'score')) refuse('modules_to_save', '["classifier"]');
  if (!Number.isInteger(r) || (r as number) < 1) refuse('r', 'a whole number from 1');
  if (typeof lora_alpha !== 'number' || typeof lora_dropout !== 'number') refuse('lora_alpha', 'a number (and lora_dropout likewise)');
  if (!Array.isArray(target_modules) || !target_modules.every((name) => typeof name === 'string'))
    refuse('target_modules', 'a list of names');
  return {
    r: r as number,
    lora_alpha: lora_alpha as number,
    lora_dropout: lora_dropout as number,
    target_modules: (target_modules as string[]).toSorted(),
  };
}

/** The retrace config of a folder that PEFT wrote: what it does not say is null, or what Transformers' own classifier does. */
function foreignConfig(given: Record<string, unknown>, file: SafetensorsFile): Record<string, unknown> {
  const head = file.tensors.get(`${PEFT_PREFIX}classifier.weight`);
  if (head === undefined)
    refuseAdapter('missing-tensor', `${TENSORS} has no ${PEFT_PREFIX}classifier.weight: its head was not saved.`, TENSORS);
  const prefixes = Object.entries(BACKBONE_PREFIX);
  const [model_type] = prefixes.find(([, prefix]) => [...file.tensors.keys()].some((name) => name.startsWith(PEFT_PREFIX + prefix))) ?? [
    'bert',
  ];
  return {
    format: 'retrace',
    format_version: FORMAT_VERSION,
    method: 'lora',
    base_model: { name: String(given.base_model_name_or_path ?? 'unknown'), model_type, sha256: null, dtype: null },
    num_labels: head.shape[0],
    pooling: 'cls',
    max_length: 512,
    hyper_parameters: {},
    seed: null,
    retrace_version: null,
  };
}

/** Reads LoRA saved by `writePeft` or by PEFT itself. Errors: those of `readAdapter`, `unsupported-peft`, `unknown-model-type`. */
export async function readPeft(files: ReadonlyMap<string, Uint8Array>, expect: AdapterExpectations): Promise<AdapterArchive> {
  const given = jsonOf(files, CONFIG);
  const { r, lora_alpha, lora_dropout, target_modules } = checkPeftConfig(given);
  const file = await openTensors(files, TENSORS);
  const where = `${TENSORS}, __metadata__`;
  const mirrored = file.metadata.retrace === undefined ? undefined : parseJson(where, file.metadata.retrace);
  const base = isRecord(mirrored) ? mirrored : foreignConfig(given, file);
  // PEFT's own file decides what both say, for that is what PEFT would do.
  const merged = {
    ...base,
    hyper_parameters: {
      ...(isRecord(base.hyper_parameters) ? base.hyper_parameters : {}),
      adapter_size: r,
      lora_alpha,
      lora_dropout,
      target_modules,
    },
  };
  const config = parseConfig(merged, isRecord(mirrored) ? where : CONFIG, expect.methods);
  checkBase(config, expect.base, where);
  const labels = readLabels(files, config.num_labels);
  const tensors = await readTensors(file, expect.tensorsOf(config), nameInPeft(config.base_model.model_type));
  return { method: config.method, config, labels, tensors };
}
