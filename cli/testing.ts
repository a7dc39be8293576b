// For tests: the command, in this process or in one of its own, and small files to give it. The model is the recorded tiny BERT with a tokenizer of its own.

import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { randomModelFiles } from '../test/random_model.ts';
import { withOneDevice } from '../test/testing.ts';
import { Console } from './console.ts';
import { nodeHost } from './host.ts';
import { run } from './run.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
export const tinyVectors = join(root, 'python', 'vectors', 'tiny_bert');

const scratch = mkdtempSync(join(tmpdir(), 'retrace-cli-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A folder that lives as long as the tests of the file. */
export const scratchFolder = (): string => mkdtempSync(join(scratch, 'folder-'));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** No test asks a hub, or reads the caches or the token of whoever runs it, but by an environment of its own. */
const apart = {
  XDG_CACHE_HOME: join(scratch, 'cache'),
  HF_HOME: join(scratch, 'hf'),
  HF_HUB_OFFLINE: '1',
  HF_ENDPOINT: '',
  HF_HUB_CACHE: '',
  HUGGINGFACE_HUB_CACHE: '',
  HF_TOKEN: '',
  HF_TOKEN_PATH: '',
};

/** One device for all commands of a file, so that a kernel is compiled once in it. */
let device: Promise<unknown> | undefined;

/** Commands take turns: their environment is this process's. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * Runs `retrace` with these arguments in this process: what it says, and its exit code. The process itself, with its streams, signals and end, is
 * `retraceProcess`.
 */
export function retrace(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const outcome = turn.then(() => runHere(args, { ...apart, ...env }));
  turn = outcome.catch(() => undefined);
  return outcome;
}

async function runHere(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Outcome> {
  device ??= nodeHost()
    .gpu()
    .then((gpu) => gpu && withOneDevice(gpu));
  await device;
  const said = { stdout: '', stderr: '' };
  const into = (name: 'stdout' | 'stderr') => ({
    write(text: string) {
      said[name] += text;
    },
  });
  const before = { ...process.env };
  Object.assign(process.env, env);
  try {
    const code = await run(args, new Console(args.includes('--json'), { stdout: into('stdout'), stderr: into('stderr') }));
    return { code, ...said };
  } finally {
    for (const name of Object.keys(env)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

/** Runs `retrace` as a process. `onStderr` hears what it says as it says it, and may send it a signal. */
export function retraceProcess(
  args: readonly string[],
  onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void,
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, 'bin', 'retrace.mjs'), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...apart, ...env },
    });
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (text: Buffer) => {
      said.stdout += text;
    });
    child.stderr.on('data', (text: Buffer) => {
      said.stderr += text;
      onStderr?.(said.stderr, (signal) => child.kill(signal));
    });
    child.on('close', (code) => resolve({ code, ...said }));
  });
}

export type JsonLine = Readonly<Record<string, unknown>> & { readonly type?: string };

/** Every line of stdout, each of which must be JSON. */
export const linesOf = ({ stdout }: Outcome): JsonLine[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JsonLine);

const musicWords = ['play', 'song', 'radio', 'louder', 'singer', 'album'];
const bankWords = ['pay', 'bill', 'balance', 'account', 'card', 'money'];
const plainWords = ['the', 'my', 'please', 'now', 'some', 'what', 'is', 'on', 'for', 'to'];

/**
 * The tiny BERT's folder, with a WordPiece vocabulary of whole words within its 99 ids. `added`: tokens with the ids behind them, as
 * `add_tokens` without `resize_token_embeddings` leaves them.
 */
export function tinyModel(folder: string, change: Readonly<Record<string, unknown>> = {}, added: readonly string[] = []): string {
  const path = join(folder, 'tiny');
  mkdirSync(path, { recursive: true });
  copyFileSync(join(tinyVectors, 'model.safetensors'), join(path, 'model.safetensors'));
  const config = JSON.parse(readFileSync(join(tinyVectors, 'config.json'), 'utf8')) as object;
  writeFileSync(join(path, 'config.json'), JSON.stringify({ ...config, ...change }));
  const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]'];
  const words = [...special, ...musicWords, ...bankWords, ...plainWords];
  // Added tokens come behind the last row of the table, whatever ids a file gives them.
  const vocabulary = added.length === 0 ? words : Array.from({ length: 99 }, (_, id) => words[id] ?? `[unused${id}]`);
  const token = (name: string, type: number) => ({ SpecialToken: { id: name, type_id: type } });
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [
      ...special.map((content, id) => [content, id] as const),
      ...added.map((content, i) => [content, vocabulary.length + i] as const),
    ].map(([content, id]) => ({
      id,
      content,
      special: id < special.length,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    })),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [token('[CLS]', 0), { Sequence: { id: 'A', type_id: 0 } }, token('[SEP]', 0)],
      pair: [
        token('[CLS]', 0),
        { Sequence: { id: 'A', type_id: 0 } },
        token('[SEP]', 0),
        { Sequence: { id: 'B', type_id: 1 } },
        token('[SEP]', 1),
      ],
      special_tokens: Object.fromEntries(['[CLS]', '[SEP]'].map((id) => [id, { id, ids: [vocabulary.indexOf(id)], tokens: [id] }])),
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary.map((word, id) => [word, id])),
    },
  };
  writeFileSync(join(path, 'tokenizer.json'), JSON.stringify(tokenizer));
  return path;
}

/** A TSV of `rows` short texts of two classes; every eighth is long. */
export function topicsFile(folder: string, rows = 40): string {
  const path = join(folder, 'topics.tsv');
  const textOf = (i: number): string => {
    const words = i % 2 === 0 ? musicWords : bankWords;
    const length = i % 8 === 0 ? 20 : 3 + (i % 4);
    return Array.from({ length }, (_, k) =>
      k % 2 === 0 ? words[(i + 3 * k) % words.length] : plainWords[(i * 7 + k) % plainWords.length],
    ).join(' ');
  };
  const lines = Array.from({ length: rows }, (_, i) => `${textOf(i)}\t${i % 2 === 0 ? 'music' : 'bank'}`);
  writeFileSync(path, `text\ttopic\n${lines.join('\n')}\n`);
  return path;
}

/** Characters that stand for bytes in byte-level vocabularies. */
function byteCharacters(): string[] {
  let others = 0;
  const shown = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(shown(byte) ? byte : 256 + others++));
}

/** A small random model that writes, with a token for each byte: `gpt2`, `opt` or `bart`. */
export async function writingModel(folder: string, model_type = 'gpt2'): Promise<string> {
  const path = join(folder, `writing-${model_type}`);
  mkdirSync(path, { recursive: true });
  const vocab = Object.fromEntries([...byteCharacters(), '<|endoftext|>'].map((token, id) => [token, id]));
  const shape = { hidden_size: 32, num_hidden_layers: 2, num_attention_heads: 4, intermediate_size: 64, max_position_embeddings: 64 };
  const ids = { bos_token_id: 256, eos_token_id: 256, pad_token_id: 256, decoder_start_token_id: 256 };
  const { files } = randomModelFiles({ ...shape, vocab_size: 257 }, { config: ids }, model_type);
  for (const { path: name, blob } of files) writeFileSync(join(path, name), new Uint8Array(await blob.arrayBuffer()));
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  const end = { id: 256, content: '<|endoftext|>', special: true, single_word: false, lstrip: false, rstrip: false, normalized: false };
  const model = { type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: '', end_of_word_suffix: '', fuse_unk: false };
  const tokenizer = {
    ...{ version: '1.0', truncation: null, padding: null, added_tokens: [end], normalizer: null },
    ...{ pre_tokenizer: byteLevel, post_processor: byteLevel, decoder: byteLevel, model: { ...model, vocab, merges: [] } },
  };
  writeFileSync(join(path, 'tokenizer.json'), JSON.stringify(tokenizer));
  const config = { tokenizer_class: 'GPT2Tokenizer', eos_token: end.content, bos_token: end.content, unk_token: end.content };
  writeFileSync(join(path, 'tokenizer_config.json'), JSON.stringify(config));
  return path;
}

/** A small random model that looks at pictures of 12 × 12. */
export async function lookingModel(folder: string, model_type = 'vit'): Promise<string> {
  const path = join(folder, `looking-${model_type}`);
  mkdirSync(path, { recursive: true });
  const shape = { hidden_size: 32, num_hidden_layers: 2, num_attention_heads: 4, intermediate_size: 64 };
  const { files } = randomModelFiles({ ...shape, vocab_size: 0, max_position_embeddings: 0 }, {}, model_type);
  for (const { path: name, blob } of files) writeFileSync(join(path, name), new Uint8Array(await blob.arrayBuffer()));
  return path;
}

/** Files by their paths, on the disk. */
export async function writeFiles(folder: string, files: readonly { readonly path: string; readonly blob: Blob }[]): Promise<string> {
  for (const { path, blob } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), new Uint8Array(await blob.arrayBuffer()));
  }
  return folder;
}
