// Adapters in the layout of AdapterHub's `adapters` library (1.2): an adapter and a head, each a configuration and a file of tensors. Written on request,
// where ours is the same function; read likewise. Invariant: what is written here the library loads as its own, with the same logits.

import {
  type AdapterArchive,
  type AdapterConfig,
  type AdapterExpectations,
  type AdapterTensor,
  FORMAT_VERSION,
  isRegression,
  jsonBytes,
  jsonOf,
  readArchive,
  refuseAdapter,
  type TensorSpec,
} from '../adapter_archive.ts';
import { labelsFile, readLabels } from '../adapter_labels.ts';
import { openTensors, readTensors, tensorsToWrite } from '../adapter_tensors.ts';
import { type CardFacts, writeModelCard } from '../model_card.ts';
import { listed } from '../peft/peft_type.ts';
import { writeSafetensors } from '../safetensors.ts';
import { isHeadOf, type TaskModel } from '../task_model.ts';
import { isRecord, parseJson } from '../text.ts';
import type { ArchiveFile } from '../zip.ts';
import { bottleneck } from './bottleneck.ts';
import { HEAD_CONFIG, type HubHead, headConfig, headOf } from './head.ts';
import { CONFIG, type HubType, refuseHub } from './hub_type.ts';
import { lora } from './lora.ts';

const byMethod: Readonly<Record<string, HubType>> = { lora, houlsby: bottleneck, 'parallel-adapter': bottleneck };

/** The files of tensors, safetensors first, which is what is written here. */
export const ADAPTER_FILES = ['adapter.safetensors', 'pytorch_adapter.bin'] as const;
export const HEAD_FILES = ['model_head.safetensors', 'pytorch_model_head.bin'] as const;

/** Whether an adapter_config.json is that library's: it keeps what it says of the adapter under `config`. */
export const isAdapterHub = (config: Readonly<Record<string, unknown>>): boolean => 'config' in config && 'hidden_size' in config;

/** Whose modules are known here by the library's names. */
const known = 'bert';

const textIn = (json: Readonly<Record<string, unknown>>, key: string): string | undefined =>
  typeof json[key] === 'string' ? json[key] : undefined;

function typeOf(config: Readonly<Record<string, unknown>>): HubType {
  const architecture = config['architecture'] ?? null;
  if (architecture === null) return bottleneck;
  return architecture === 'lora' ? lora : refuseHub(config, 'architecture', '"lora", or none for a bottleneck adapter,');
}

function headIn(files: ReadonlyMap<string, Uint8Array>): HubHead {
  if (files.has(HEAD_CONFIG)) return headOf(jsonOf(files, HEAD_CONFIG));
  return refuseAdapter(
    'missing-file',
    `The adapter has no ${HEAD_CONFIG}: its classifier was not saved.`,
    HEAD_CONFIG,
    'Save it again by model.save_adapter(folder, name, with_head=True).',
  );
}

/** Reads what the library saved, or `writeAdapterHub`. Errors: those of `readAdapter`, `unsupported-adapter-hub`. */
export async function readAdapterHub(files: ReadonlyMap<string, Uint8Array>, expect: AdapterExpectations): Promise<AdapterArchive> {
  const outer = jsonOf(files, CONFIG);
  const given = outer['config'];
  if (!isRecord(given)) return refuseHub(outer, 'config', 'an object');
  const { model } = expect;
  if (outer['model_type'] !== known) refuseHub(outer, 'model_type', `"${known}"`);
  if (model.model_type !== known) refuseHub(outer, 'model_type', `a base of that type, and not of type "${model.model_type}",`);
  const file = await openTensors(files, ...ADAPTER_FILES);
  const head = headIn(files);
  const headFile = await openTensors(files, ...HEAD_FILES);
  const { method, hyper_parameters: own } = typeOf(given).fromHub(given, file, model);
  const hyper_parameters = { ...own, modules_to_save: [...head.modules_to_save] };
  const where = `${file.source.name}, __metadata__`;
  const mirrored = file.metadata['retrace'] === undefined ? undefined : parseJson(where, file.metadata['retrace']);
  const classifier = headFile.tensors.get(head.storedName('classifier.weight'));
  const base = isRecord(mirrored)
    ? mirrored
    : {
        base_model: { name: textIn(outer, 'model_name') ?? 'unknown', model_type: known, sha256: null, dtype: null },
        num_labels: classifier?.shape[0] ?? 1,
        max_length: Math.max(1, expect.positionsOf?.(method, hyper_parameters) ?? 512),
        seed: null,
        retrace_version: null,
      };
  const merged = { format: 'retrace', format_version: FORMAT_VERSION, pooling: 'cls', ...base, method };
  const kept = isRecord(mirrored) && isRecord(mirrored['hyper_parameters']) ? mirrored['hyper_parameters'] : {};
  const said = { ...merged, hyper_parameters: { ...kept, ...hyper_parameters } };
  return readArchive(said, isRecord(mirrored) ? where : CONFIG, expect, async (config, specs) => {
    const type = byMethod[method] as HubType;
    const isHead = isHeadOf(model.head(config.pooling));
    const inHead = ({ name }: TensorSpec) => isHead(name) || head.modules_to_save.some((module) => name.startsWith(`${module}.`));
    const prefixed = [...file.tensors.keys()].some((name) => name.startsWith(model.prefix));
    const stored = (name: string) => type.storedName(prefixed ? model.prefix + name : name, textIn(outer, 'name') ?? '');
    const outside = specs.filter((spec) => !inHead(spec));
    const ofAdapter = await readTensors(file, outside, stored);
    const ofHead = await readTensors(headFile, specs.filter(inHead), head.storedName);
    const labels = files.has('labels.json') || head.labels?.length !== config.num_labels ? undefined : head.labels;
    const named = labels === undefined ? readLabels(files, config) : { labels };
    return { tensors: new Map([...ofAdapter, ...ofHead]), ...named };
  });
}

/** The library reads `scaling` as a number of its own only where it has a point. */
const withPoint = (bytes: Uint8Array): Uint8Array =>
  new TextEncoder().encode(new TextDecoder().decode(bytes).replace(/("scaling": \d+)(?=[,\n])/g, '$1.0'));

const howToLoad = ({ base_model }: AdapterConfig): string => `With \`pip install adapters\`:

\`\`\`python
from adapters import AutoAdapterModel

model = AutoAdapterModel.from_pretrained(${JSON.stringify(base_model.name)})
model.load_adapter("this-folder", use_safetensors=True, set_active=True)  # its classification head comes with it
model.eval()
\`\`\``;

/** Why an adapter can't be said in this layout, or the `config` that says it. */
function hubConfig(config: AdapterConfig, specs: readonly TensorSpec[], model: TaskModel): Record<string, unknown> | string {
  if (model.model_type !== known)
    return `AdapterHub’s layout is written for models of type ${known}, and this one is of type ${model.model_type}.`;
  const type = byMethod[config.method];
  if (type === undefined) return `AdapterHub’s library has no adapter that is the same function as ${config.method}.`;
  if (config.head === 'words' || config.head === 'choices') return 'AdapterHub’s layout is written for classes of texts.';
  if (isRegression(config)) return 'AdapterHub’s library has no head that gives a number.';
  if (config.pooling !== 'cls') return 'AdapterHub’s classification heads read the first token, and this classifier reads the mean of all.';
  const other = listed(config.hyper_parameters.modules_to_save).find((name) => name !== 'pooler');
  if (other !== undefined) return `AdapterHub’s library saves no modules of the model, and ${other} was trained.`;
  return type.toHub(config, specs, model);
}

const refuseLayout = (why: string): never => refuseAdapter('not-adapter-hub', why, 'layout', 'Export it in the usual layout.');

/** Error `not-adapter-hub` where what will be trained is another function than any of the library's. `specs`: the tensors that it will have. */
export function requireAdapterHub(config: AdapterConfig, specs: readonly TensorSpec[], model: TaskModel): void {
  const own = hubConfig(config, specs, model);
  if (typeof own === 'string') refuseLayout(own);
}

/**
 * adapter.safetensors, adapter_config.json, model_head.safetensors, head_config.json, labels.json and README.md. Error `not-adapter-hub` where ours is
 * another function than any of the library's.
 */
export function writeAdapterHub(archive: AdapterArchive, facts: CardFacts, model: TaskModel): ArchiveFile[] {
  const { config, labels, tensors } = archive;
  const specs = [...tensors].map(([name, { shape }]) => ({ name, shape }));
  const own = hubConfig(config, specs, model);
  if (typeof own === 'string') return refuseLayout(own);
  const name = facts.name.replace(/[^\w-]+/g, '_');
  const type = byMethod[config.method] as HubType;
  const ownPooler = tensors.has('pooler.dense.weight');
  const head = headOf({ config: headConfig(labels, ownPooler), name });
  const isHead = isHeadOf(model.head(config.pooling));
  const part = (wanted: boolean): ReadonlyMap<string, AdapterTensor> =>
    new Map([...tensors].filter(([tensor]) => (isHead(tensor) || tensor.startsWith('pooler.')) === wanted));
  const outer = {
    hidden_size: tensors.get('classifier.weight')?.shape[1],
    model_class: `${config.base_model.model_type.replace(/^./, (letter) => letter.toUpperCase())}AdapterModel`,
    model_name: config.base_model.name,
    model_type: config.base_model.model_type,
    name,
    version: 'adapters.1.2.0',
  };
  const metadata = { format: 'pt', retrace: JSON.stringify(config) };
  const stored = (tensor: string) => type.storedName(model.prefix + tensor, name);
  return [
    { path: ADAPTER_FILES[0], bytes: writeSafetensors(tensorsToWrite(part(false), stored), metadata) },
    { path: CONFIG, bytes: withPoint(jsonBytes({ config: own, ...outer })) },
    { path: HEAD_FILES[0], bytes: writeSafetensors(tensorsToWrite(part(true), head.storedName), { format: 'pt' }) },
    { path: HEAD_CONFIG, bytes: jsonBytes({ config: headConfig(labels, ownPooler), ...outer }) },
    ...labelsFile(labels),
    writeModelCard(facts, {
      relation: 'adapter',
      library_name: 'adapter-transformers',
      tags: [config.method, 'adapterhub', 'retrace'],
      how_to_load: howToLoad(config),
    }),
  ];
}
