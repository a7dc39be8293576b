// One door for exported adapters: which layout a method is written in, and which layout a folder or zip is in.
// Invariant: what is written here is read here, and gives the same tensors and config.

import { readAdapter, writeAdapter } from './adapter.ts';
import { type AdapterArchive, type AdapterExpectations, jsonOf } from './adapter_archive.ts';
import type { CardFacts } from './model_card.ts';
import { peftTypeOf, readPeft, writePeft } from './peft/layout.ts';
import type { ArchiveFile } from './zip.ts';

/** In PEFT's layout where PEFT has a type for it, else in ours, which then says why. */
export function writeExported(archive: AdapterArchive, facts: CardFacts): ArchiveFile[] {
  const type = peftTypeOf(archive);
  return typeof type === 'string' ? writeAdapter(archive, facts, type) : writePeft(type, archive, facts);
}

/** Either layout, also where all files lie in one folder of the zip, as many programs pack them. Errors: those of both readers. */
export async function readExported(files: ReadonlyMap<string, Uint8Array>, expect: AdapterExpectations): Promise<AdapterArchive> {
  const flat = withoutTopFolder(files);
  const saysPeft = flat.has('adapter_config.json') && 'peft_type' in jsonOf(flat, 'adapter_config.json');
  // Where only PEFT's tensor file is there, what is missing is missing from PEFT's layout.
  const isPeft = saysPeft || (flat.has('adapter_model.safetensors') && !flat.has('adapter.safetensors'));
  return isPeft ? readPeft(flat, expect) : readAdapter(flat, expect);
}

function withoutTopFolder(files: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
  // What macOS adds to archives is not part of them.
  const own = [...files].filter(([path]) => !path.startsWith('__MACOSX/') && !path.endsWith('.DS_Store'));
  const top = own[0]?.[0].split('/')[0] ?? '';
  const shared = own.every(([path]) => path.startsWith(`${top}/`));
  return new Map(shared ? own.map(([path, bytes]) => [path.slice(top.length + 1), bytes]) : own);
}
