// A model's folder: what it is, and whether a run could begin with it: the same checks, weights read to the last number.

import { withinTables } from '../../src/data/ids.ts';
import { loadTokenizer } from '../../src/data/tokenizer.ts';
import { headKinds } from '../../src/formats/task_model.ts';
import { floatDtypes } from '../../src/formats/tensor_file.ts';
import { headOf, headParameters, nameInClass, ownPooling } from '../../src/models/model.ts';
import { countText, listText, plural } from '../../src/protocol/sentences.ts';
import { type BaseModel, describe, openBaseModel } from '../../src/session/models/base_model.ts';
import { labelNames } from '../../src/session/models/classifier.ts';
import { ownHead } from '../../src/session/models/plain_model.ts';
import { requireWeights } from '../../src/session/models/required_weights.ts';
import { checkNumbers } from '../../src/session/models/weights.ts';
import { fetchPlanText } from '../fetching.ts';
import type { Given } from '../flags.ts';
import { bytesText } from '../format.ts';
import { nodeHost } from '../host.ts';
import { hubOf } from '../hub/connection.ts';
import { modelPlace, modelRef, repoOf, shownPlace } from '../models.ts';
import type { Finding } from './finding.ts';

const shownNames = 4;

/** Float tensors that no run reads: a head of another task, say. Others are buffers, such as position_ids. */
function unusedOf(model: BaseModel, used: ReadonlySet<string>): string[] {
  const tensors = [...(model.checkpoint?.tensors.values() ?? [])];
  return tensors.filter(({ entry }) => floatDtypes.includes(entry.dtype) && !used.has(entry.name)).map(({ entry }) => entry.name);
}

/** The classes of the checkpoint's classifier, where it has one. */
function classesOf(model: BaseModel): { rows: number; names?: readonly string[] } | undefined {
  const backbone = model.backbone();
  const [pooling, head] = [ownPooling(backbone), ownHead(model)];
  const [weight = ''] = headOf(backbone, pooling, head).classes;
  const rows = model.entry(nameInClass(backbone, pooling, head, weight))?.entry.shape[0];
  if (rows === undefined) return undefined;
  const names = labelNames(model.config, rows);
  return names ? { rows, names } : { rows };
}

function headText(model: BaseModel, { rows, names }: { readonly rows: number; readonly names?: readonly string[] }): string {
  if (rows === 1) return `a head of one output, ${ownHead(model) === 'choices' ? 'the score of a choice' : 'a number'}`;
  return `a classifier of ${rows} classes: ${names?.slice(0, 12).join(', ') ?? 'without names'}`;
}

export async function inspectModel(path: string, given: Given = {}): Promise<Finding> {
  const host = nodeHost(undefined, given);
  const place = modelPlace(path, given);
  const ref = await modelRef(place);
  const model = await openBaseModel(ref, host);
  const description = await describe(model);
  const { missing, notes } = description;
  const placements = requireWeights(model, description.pooling ?? 'mean');
  // Of what the hub has, headers tell enough; numbers are looked at once they are here.
  const fetch = typeof place === 'string' ? undefined : await hubOf(given).fetchPlan(repoOf(place));
  const isHere = fetch === undefined || fetch.kept === fetch.bytes;
  if (isHere) await checkNumbers(model, placements);
  const { config } = model.backbone();
  const tokens = missing.some((file) => file.startsWith('tokenizer'))
    ? 0
    : withinTables(await loadTokenizer(model.folder), config).vocabSize;
  const hasWeights = model.checkpoint !== undefined;
  const classes = hasWeights ? classesOf(model) : undefined;
  const used = new Set([...placements.values()].map(({ entry }) => entry.name));
  const backbone = model.backbone();
  for (const name of headParameters(backbone)) {
    const inClasses = headKinds.map((kind) => nameInClass(backbone, ownPooling(backbone), kind, name));
    for (const own of inClasses) used.add(model.entry(own)?.entry.name ?? own);
  }
  const unused = unusedOf(model, used);
  const { model_type, num_hidden_layers, hidden_size, parameters, stored_type, bytes, pooling, max_position_embeddings } = description;
  const what = hasWeights
    ? `${countText(parameters)} parameters as ${stored_type}, ${bytesText(bytes)}; every tensor is there in its shape${isHere ? ', every number is finite' : ''}`
    : 'no weights';
  return {
    object: { type: 'model', ...{ ...description, ...(classes ? { classifier: classes } : {}), unused_tensors: unused } },
    text: [
      `${typeof place === 'string' ? path : shownPlace(place)}: ${model_type}, ${num_hidden_layers} layers of ${hidden_size}, at most ${max_position_embeddings} tokens, pooling ${pooling ?? 'is to be chosen: --pooling'}`,
      what,
      ...(fetch === undefined ? [] : [`on the hub: ${fetchPlanText(fetch)}`]),
      ...(classes ? [headText(model, classes)] : []),
      ...(unused.length > 0 ? [`not used: ${plural(unused.length, 'tensor')}, ${listText(unused, shownNames)}`] : []),
      ...notes,
      ...(tokens > config.vocab_size
        ? [`the tokenizer has ids up to ${tokens - 1}, the table ${config.vocab_size} rows: texts with the tokens past it are refused`]
        : []),
      ...(missing.length > 0 ? [`missing: ${missing.join(', ')}${hasWeights ? '' : '; enough for plan and compare'}`] : []),
    ].join('\n'),
  };
}
