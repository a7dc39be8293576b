// Files that people pick or drop, as the protocol wants them. Nothing is read here: blobs are handles, and the worker reads what it needs.

import type { AdapterSource, DataRef, ModelRef } from '../../src/protocol/config.ts';
import { labelsFileOf } from '../../src/protocol/reading.ts';

export interface FolderFile {
  readonly path: string;
  readonly blob: Blob;
}

/** A picked folder: paths relative to it, its own name first. */
export function modelOfPicked(files: readonly File[]): ModelRef | undefined {
  const name = files[0]?.webkitRelativePath.split('/')[0];
  if (name === undefined || name === '') return undefined;
  return { kind: 'files', name, files: files.map((file) => ({ path: file.webkitRelativePath.slice(name.length + 1), blob: file })) };
}

/** An adapter's folder, or its zip. */
export function adapterOfPicked(files: readonly File[]): AdapterSource | undefined {
  const folder = modelOfPicked(files);
  if (folder?.kind === 'files') return { files: folder.files };
  const [zip] = files;
  return zip && { zip, name: zip.name };
}

/** The same, dropped: its folder, its zip, or its files one by one. As with folders of models, the event is asked at once. */
export async function adapterOfDropped(transfer: DataTransfer): Promise<AdapterSource | undefined> {
  const files = [...transfer.files];
  const folder = await modelOfDropped(transfer);
  if (folder?.kind === 'files') return { files: folder.files };
  if (files.length > 1) return { files: files.map((file) => ({ path: file.name, blob: file })) };
  return adapterOfPicked(files);
}

const readEntries = (reader: FileSystemDirectoryReader) =>
  new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
const fileOf = (entry: FileSystemFileEntry) => new Promise<File>((resolve, reject) => entry.file(resolve, reject));

export async function filesUnder(entry: FileSystemEntry, path: string): Promise<FolderFile[]> {
  if (entry.isFile) return [{ path, blob: await fileOf(entry as FileSystemFileEntry) }];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: FolderFile[] = [];
  // A reader gives a folder in parts and ends with an empty one.
  for (let part = await readEntries(reader); part.length > 0; part = await readEntries(reader)) {
    for (const child of part) {
      for (const file of await filesUnder(child, path === '' ? child.name : `${path}/${child.name}`)) found.push(file);
    }
  }
  return found;
}

/** What was dropped. Entries must be taken from the event at once: it forgets them when its handler returns. */
export const droppedEntries = (transfer: DataTransfer): FileSystemEntry[] =>
  [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);

/** A dropped folder. */
export async function modelOfDropped(transfer: DataTransfer): Promise<ModelRef | undefined> {
  const entry = droppedEntries(transfer).find(({ isDirectory }) => isDirectory);
  if (!entry) return undefined;
  return { kind: 'files', name: entry.name, files: await filesUnder(entry, '') };
}

/** A file of rows, with that of its labels where both are given together. */
export function dataOfFiles(files: Iterable<File>): DataRef | undefined {
  const all = [...files];
  const labels = (file: File) => all.find(({ name }) => name === labelsFileOf(file.name));
  const rows = all.find((file) => labels(file) !== undefined) ?? all[0];
  if (rows === undefined) return undefined;
  const beside = labels(rows);
  return { kind: 'file', name: rows.name, blob: rows, ...(beside ? { labels: { name: beside.name, blob: beside } } : {}) };
}

export function dataOfPasted(text: string): DataRef {
  return { kind: 'file', name: text.includes('\t') ? 'pasted.tsv' : 'pasted.csv', blob: new Blob([text]) };
}
