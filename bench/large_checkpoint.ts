// What it takes to open, describe and read weights that are larger than a heap: a BERT of 2 GB as safetensors and one of 500 MB as pytorch_model.bin,
// written to a temporary folder, inspected as the command line does it, every tensor read to its last number. Not a test, and needs no GPU.

import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diskFolder } from '../cli/folders.ts';
import { inspectModel } from '../cli/inspect/model.ts';
import { weightsSha256 } from '../cli/models.ts';
import { elementsOf } from '../src/formats/tensor_file.ts';
import { flat, global, int, pickle, tensor, text, tuple } from '../src/formats/torch/testing.ts';
import { bertParameters, type NamedShape, safetensorsHead } from './large_bert.ts';
import { peakOf } from './peak.ts';

const common = { model_type: 'bert', max_position_embeddings: 512 };
const shapes = {
  'model.safetensors': {
    ...{ hidden_size: 1024, num_hidden_layers: 24, num_attention_heads: 16, intermediate_size: 4096, vocab_size: 200_000 },
    ...common,
  },
  'pytorch_model.bin': {
    ...{ hidden_size: 768, num_hidden_layers: 12, num_attention_heads: 12, intermediate_size: 3072, vocab_size: 52_000 },
    ...common,
  },
} as const;

type FileName = keyof typeof shapes;

const some = new Uint8Array(Float32Array.from({ length: 2 ** 20 }, (_, i) => Math.sin(i)).buffer);

function writeFloats(file: number, bytes: number): void {
  for (let left = bytes; left > 0; left -= some.length) writeSync(file, some, 0, Math.min(left, some.length));
}

function writeLargeSafetensors(path: string, tensors: readonly NamedShape[]): void {
  const file = openSync(path, 'w');
  writeSync(file, safetensorsHead(tensors).head);
  for (const { shape } of tensors) writeFloats(file, 4 * elementsOf(shape));
  closeSync(file);
}

/** Row-major strides. */
const stridesOf = (shape: readonly number[]) => shape.map((_, d) => elementsOf(shape.slice(d + 1)));

/** An archive as torch.save writes it: stored records at multiples of 64 bytes. */
function writeLargeTorchFile(path: string, tensors: readonly NamedShape[]): void {
  const items = tensors.flatMap(({ name, shape }, i) => {
    const [sizes, strides] = [shape, stridesOf(shape)].map((numbers) => tuple(...numbers.map(int)));
    return [text(name), tensor({ key: String(i), elements: elementsOf(shape), ...(sizes && strides ? { shape: sizes, strides } : {}) })];
  });
  const state = pickle(global('collections', 'OrderedDict'), ')R(', items, 'u');
  const file = openSync(path, 'w');
  const directory: number[] = [];
  let at = 0;
  const record = (name: string, size: number, write: () => void) => {
    const path_ = new TextEncoder().encode(`archive/${name}`);
    const padding = (64 - ((at + 30 + path_.length + 4) % 64)) % 64;
    const header = new Uint8Array(30 + path_.length + 4 + padding);
    const view = new DataView(header.buffer);
    view.setUint32(0, 0x04034b50, true);
    for (const offset of [18, 22]) view.setUint32(offset, size, true);
    view.setUint16(26, path_.length, true);
    view.setUint16(28, 4 + padding, true);
    header.set(path_, 30);
    writeSync(file, header);
    write();
    const entry = new DataView(new ArrayBuffer(46));
    entry.setUint32(0, 0x02014b50, true);
    for (const offset of [20, 24]) entry.setUint32(offset, size, true);
    entry.setUint16(28, path_.length, true);
    entry.setUint32(42, at, true);
    directory.push(...new Uint8Array(entry.buffer), ...path_);
    at += header.length + size;
  };
  record('data.pkl', state.length, () => writeSync(file, state));
  record('byteorder', 6, () => writeSync(file, Uint8Array.from(flat('little'))));
  for (const [i, { shape }] of tensors.entries())
    record(`data/${i}`, 4 * elementsOf(shape), () => writeFloats(file, 4 * elementsOf(shape)));
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  for (const offset of [8, 10]) end.setUint16(offset, tensors.length + 2, true);
  end.setUint32(12, directory.length, true);
  end.setUint32(16, at, true);
  writeSync(file, Uint8Array.from(directory));
  writeSync(file, new Uint8Array(end.buffer));
  closeSync(file);
}

const writers: Readonly<Record<FileName, typeof writeLargeSafetensors>> = {
  'model.safetensors': writeLargeSafetensors,
  'pytorch_model.bin': writeLargeTorchFile,
};

export async function run(json: boolean): Promise<void> {
  const rows: object[] = [];
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  for (const name of Object.keys(shapes) as FileName[]) {
    const folder = mkdtempSync(join(tmpdir(), 'retrace-large-'));
    try {
      writeFileSync(join(folder, 'config.json'), JSON.stringify(shapes[name]));
      const tensors = bertParameters(shapes[name]);
      writers[name](join(folder, name), tensors);
      const bytes = tensors.reduce((sum, { shape }) => sum + 4 * elementsOf(shape), 0);
      const works = { inspect: () => inspectModel(folder), sha256: () => weightsSha256(diskFolder(folder, name)) };
      for (const [what, work] of Object.entries(works)) {
        const peak = await peakOf(work);
        rows.push({ file: name, bytes, what, ...peak });
        if (json) continue;
        const { ms, heapUsed, arrayBuffers, external, rss } = peak;
        process.stdout.write(
          `${name}, ${mib(bytes)}, ${what}: ${(ms / 1000).toFixed(1)} s; at most ${mib(heapUsed)} of heap, ${mib(arrayBuffers)} of array buffers (${mib(external)} external), ${mib(rss)} resident\n`,
        );
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  if (json) process.stdout.write(`${JSON.stringify({ rows })}\n`);
}
