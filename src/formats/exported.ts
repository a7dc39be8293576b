// One door for exported adapters: which layout a method is written in, and which layout a folder or zip is in.
// Invariant: what is written here is read here, and gives the same tensors and config.

import { readAdapter, writeAdapter } from './adapter.ts';
import { type AdapterArchive, type AdapterExpectations, jsonOf, refuseAdapter } from './adapter_archive.ts';
import { HEAD_FILES, isAdapterHub, readAdapterHub } from './adapter_hub/layout.ts';
import { bytesOf } from './bytes.ts';
import type { CardFacts } from './model_card.ts';
import { peftTypeOf, readPeft, writePeft } from './peft/layout.ts';
import type { ModuleNames } from './peft/older_names.ts';
import { CONFIG, TENSORS, TORCH_TENSORS } from './peft/peft_type.ts';
import { openSafetensors } from './safetensors.ts';
import { readSelfTestPictures, SELF_TEST_PICTURES } from './self_test_pictures.ts';
import type { TaskModel } from './task_model.ts';
import { isRecord, parseJson } from './text.ts';
import type { ArchiveFile } from './zip.ts';

/** Tensor files by which an adapter is known: ours (and AdapterHub's), and PEFT's. */
export const tensorFiles = ['adapter.safetensors', TENSORS, TORCH_TENSORS, 'pytorch_adapter.bin'] as const;

/** Every file that an adapter of any layout is made of. */
export const adapterFileNames: readonly string[] = [
  ...[...tensorFiles, ...HEAD_FILES],
  ...[CONFIG, 'head_config.json', 'labels.json', 'self_test.json', SELF_TEST_PICTURES, 'README.md'],
];

/** In PEFT's layout where PEFT has a type for it, else in ours, which then says why. */
export function writeExported(archive: AdapterArchive, facts: CardFacts, model: TaskModel, names?: ModuleNames): ArchiveFile[] {
  const type = peftTypeOf(archive, model);
  return typeof type === 'string' ? writeAdapter(archive, facts, type) : writePeft(type, archive, facts, model, names);
}

/**
 * Either layout, also where its files lie in one folder of the zip, as many programs pack them, and PEFT does with an adapter that has a name.
 * Errors: those of both readers, `several-adapters`.
 */
export async function readExported(files: ReadonlyMap<string, Uint8Array>, expect: AdapterExpectations): Promise<AdapterArchive> {
  const flat = adapterFolder(files);
  if (flat.has(CONFIG) && isAdapterHub(jsonOf(flat, CONFIG))) return readAdapterHub(flat, expect);
  const saysPeft = flat.has(CONFIG) && 'peft_type' in jsonOf(flat, CONFIG);
  // Where only PEFT's tensor file is there, what is missing is missing from PEFT's layout.
  const isPeft = saysPeft || ((flat.has(TENSORS) || flat.has(TORCH_TENSORS)) && !flat.has('adapter.safetensors'));
  const archive = await (isPeft ? readPeft(flat, expect) : readAdapter(flat, expect));
  const pictures = await readSelfTestPictures(flat, archive.config.self_test?.logits.length ?? 0);
  return pictures === undefined ? archive : { ...archive, pictures };
}

/** The size of pictures that an adapter was trained at, where it says one: ours do. */
export async function imageSizeIn(files: ReadonlyMap<string, Uint8Array>): Promise<number | undefined> {
  const { image_size } = await ownConfigIn(adapterFolder(files));
  return typeof image_size === 'number' ? image_size : undefined;
}

/** Our configuration: of our layout its own, of PEFT's what rides in the tensor file. Nothing of what others wrote. */
async function ownConfigIn(flat: ReadonlyMap<string, Uint8Array>): Promise<Readonly<Record<string, unknown>>> {
  const config = flat.has(CONFIG) ? jsonOf(flat, CONFIG) : {};
  const bytes = flat.get(TENSORS);
  const metadata = bytes && (await openSafetensors(bytesOf(TENSORS, bytes))).metadata.retrace;
  const mirrored = metadata === undefined ? undefined : parseJson(TENSORS, metadata);
  return isRecord(mirrored) ? mirrored : config;
}

/** What an adapter calls its base, and the SHA-256 of its weights where it says it: ours do, in their configuration or beside their tensors. */
export async function baseNamedIn(files: ReadonlyMap<string, Uint8Array>): Promise<{ readonly name: string; readonly sha256?: string }> {
  const flat = adapterFolder(files);
  const config = flat.has(CONFIG) ? jsonOf(flat, CONFIG) : {};
  const { base_model } = await ownConfigIn(flat);
  const base = isRecord(base_model) ? base_model : {};
  const name = [config.base_model_name_or_path, config.model_name, base.name].find((one) => typeof one === 'string' && one !== '');
  return { name: String(name ?? ''), ...(typeof base.sha256 === 'string' ? { sha256: base.sha256 } : {}) };
}

/** The files of the one folder that holds an adapter, by their names in it; all files where none does. */
function adapterFolder(files: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
  // What macOS adds to archives is not part of them.
  const own = [...files].filter(([path]) => !path.startsWith('__MACOSX/') && !path.endsWith('.DS_Store'));
  const holders = new Set(
    own.filter(([path]) => tensorFiles.some((name) => name === path.slice(path.lastIndexOf('/') + 1))).map(([path]) => folderOf(path)),
  );
  if (holders.size > 1 && !holders.has('')) {
    const named = [...holders].map((folder) => folder.slice(0, -1));
    return refuseAdapter(
      'several-adapters',
      `There are ${named.length} adapters: in ${named.join(', ')}.`,
      named[0] ?? '',
      'Choose the folder of one of them, or a zip of it.',
    );
  }
  const shared = own.every(([path]) => folderOf(path) === folderOf(own[0]?.[0] ?? '')) ? folderOf(own[0]?.[0] ?? '') : '';
  const folder = holders.has('') ? '' : ([...holders][0] ?? shared);
  return new Map(own.filter(([path]) => path.startsWith(folder)).map(([path, bytes]) => [path.slice(folder.length), bytes]));
}

/** Up to and with the last slash; nothing for a file at the top. */
const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);
