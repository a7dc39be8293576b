// An adapter, folder or zip. Checked against its base where that is at hand: the bundled model, or --model.

import { isAbsolute } from 'node:path';
import { type HyperParameters, jsonOf } from '../../src/formats/adapter_archive.ts';
import { isAdapterHub } from '../../src/formats/adapter_hub/layout.ts';
import { openTensors } from '../../src/formats/adapter_tensors.ts';
import { imageSizeIn, tensorFiles } from '../../src/formats/exported.ts';
import { elementsOf } from '../../src/formats/tensor_file.ts';
import { isRecord } from '../../src/formats/text.ts';
import { countText } from '../../src/protocol/sentences.ts';
import { readAdapterFor } from '../../src/session/adapters/importing.ts';
import { openBaseModel } from '../../src/session/models/base_model.ts';
import { Fetching } from '../../src/session/models/hub_models.ts';
import { adapterSource } from '../adapter_files.ts';
import type { Given } from '../flags.ts';
import { bundledNames } from '../folders.ts';
import { nodeHost } from '../host.ts';
import { type ModelPlace, modelPlace, modelRef, weightsSha256 } from '../models.ts';
import { textOf } from '../settings.ts';
import type { Finding } from './finding.ts';
import { shownOfAdapter, tensorObjects, tensorTable } from './tensors.ts';

/** Which layout the files are in, and what wrote them, as far as they say. */
function layoutOf(files: ReadonlyMap<string, Uint8Array>): { layout: 'Retrace' | 'PEFT' | 'AdapterHub'; written_by: string } {
  const config = files.has('adapter_config.json') ? jsonOf(files, 'adapter_config.json') : {};
  const own = files.has('labels.json') || files.has('self_test.json');
  const version = (text: unknown) => (typeof text === 'string' ? ` ${text.slice(0, 20)}` : '');
  if (isAdapterHub(config))
    return { layout: 'AdapterHub', written_by: own ? 'Retrace' : `AdapterHub's library${version(config['version'])}` };
  if (typeof config['peft_type'] === 'string')
    return { layout: 'PEFT', written_by: own ? 'Retrace' : `PEFT${version(config['peft_version'])}` };
  return { layout: 'Retrace', written_by: 'Retrace' };
}

/** A hyper-parameter in a few words; what is none is left out. */
function shownOption(name: string, value: HyperParameters[string]): string[] {
  if (!Array.isArray(value)) return value === false ? [] : [`${name} ${String(value)}`];
  if (value.length === 0) return [];
  return [`${name} ${value.slice(0, 6).join(' ')}${value.length > 6 ? ` … (${value.length})` : ''}`];
}

/** The place of the base that the adapter names, where it is known. */
function baseOf(files: ReadonlyMap<string, Uint8Array>, given: Given): ModelPlace | undefined {
  const named = textOf(given, 'model');
  if (named !== undefined) return modelPlace(named, given);
  const config = files.has('adapter_config.json') ? jsonOf(files, 'adapter_config.json') : {};
  const own = isRecord(config['base_model']) ? config['base_model']['name'] : config['base_model_name_or_path'];
  return typeof own === 'string' && !isAbsolute(own) && bundledNames('models').includes(own) ? own : undefined;
}

export async function inspectAdapter(path: string, given: Given): Promise<Finding> {
  const source = await adapterSource(path, path);
  const host = nodeHost(undefined, given);
  const { files } = await new Fetching(host.hub, () => undefined).adapter(source);
  const tensorFile = tensorFiles.find((name) => files.has(name)) ?? tensorFiles[0];
  const tensors = await openTensors(files, tensorFile);
  const parameters = [...tensors.tensors.values()].reduce((sum, { shape }) => sum + elementsOf(shape), 0);
  const place = baseOf(files, given);
  const { layout, written_by } = layoutOf(files);
  const facts = { path, layout, written_by, files: [...files.keys()], parameters, tensors: tensorObjects(tensors) };
  const size = `${countText(tensors.tensors.size)} tensors, ${countText(parameters)} parameters`;
  if (place === undefined) {
    return {
      object: { type: 'adapter', ...{ ...facts, checked: false } },
      text: `${path}: an adapter in ${layout}'s layout, written by ${written_by}, of ${size}; name its base by --model to check it\n\n${tensorTable(tensors, shownOfAdapter)}`,
    };
  }
  const model = await openBaseModel(await modelRef(place), host, await imageSizeIn(files));
  const sha256 = await weightsSha256(model.folder);
  const { method, config, labels, notes = [] } = await readAdapterFor(files, model, sha256);
  const { base_model, max_length, pooling, hyper_parameters, seed, self_test } = config;
  const compared =
    base_model.sha256 === null
      ? 'it names no checksum: the weights were not compared'
      : sha256 === undefined
        ? 'no weights are here to compare with its checksum'
        : 'the very weights that are here';
  return {
    object: {
      type: 'adapter',
      ...{
        ...facts,
        checked: true,
        method,
        base_model,
        labels,
        notes,
        max_length,
        pooling,
        hyper_parameters,
        seed,
        weights_compared: compared,
      },
    },
    text: [
      `${path}: ${method} on ${base_model.name} (${compared}), ${size}`,
      `in ${layout}'s layout, written by ${written_by}`,
      labels.length === 0
        ? 'it gives a number'
        : `${labels.length} classes: ${labels.slice(0, 12).join(', ')}${labels.length > 12 ? ', …' : ''}`,
      ...notes,
      `at most ${max_length} tokens, pooling ${pooling}`,
      self_test === undefined || self_test.texts.length === 0
        ? 'no self-test: it records no logits to compare'
        : `a self-test on ${self_test.texts.length} texts, not run here: predict and evaluate run it`,
      Object.entries(hyper_parameters)
        .flatMap(([name, value]) => shownOption(name, value))
        .join(', '),
      '',
      tensorTable(tensors, shownOfAdapter),
    ].join('\n'),
  };
}
