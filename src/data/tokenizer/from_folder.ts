// A model's folder to an engine, as Transformers' AutoTokenizer (5.24) makes one of it: the class that the files name decides what is taken from
// tokenizer.json and what is made anew from flags, and where there is no tokenizer.json, from vocab.txt or vocab.json and merges.txt. Invariant: the ids
// are AutoTokenizer's, also where its rules are odd (a BertTokenizer takes only the vocabulary from tokenizer.json).

import { decodeUtf8, isRecord } from '../../formats/text.ts';
import { type ModelFolder, readJson } from '../../hub/folder.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { AddedToken } from './added_tokens.ts';
import { cleanUpSpaces, type Decoder, decoderOf, withSpaces } from './decoders.ts';
import { Engine } from './engine.ts';
import { type Family, familyOf } from './families.ts';
import { JsonCursor } from './json_cursor.ts';
import { mostTokens } from './models/model.ts';
import { modelOf } from './models/registry.ts';
import { normalizerOf } from './normalizers.ts';
import { bertTemplates, type Piece, robertaTemplates, type Templates, templatesOf } from './post_processors.ts';
import { preTokenizerOf } from './pre_tokenizers.ts';
import { extraTokens, namedTokens, type SpecialTokens, specialTokens } from './special_tokens.ts';

export interface FolderTokenizer {
  readonly engine: Engine;
  readonly templates: Templates;
  readonly padTokenId: number;
  /** What ends a text, and what begins one, where there are such tokens. */
  readonly eosTokenId: number | undefined;
  readonly bosTokenId: number | undefined;
  readonly modelMaxLength: number;
  readonly truncationSide: 'left' | 'right';
  /** Tokens to text. Errors: `bad-tokenizer`, once it is used. */
  readonly decode: (tokens: readonly string[]) => string;
  /** Whether the model is told which of two texts a token is of. */
  readonly tokenTypes: boolean;
}

/** The largest published has 33 MB. */
const mostBytes = 256 << 20;

async function optionalJson(folder: ModelFolder, path: string): Promise<JsonCursor | undefined> {
  const file = await folder.open(path);
  if (file === undefined) return undefined;
  const at = new JsonCursor(undefined, `${folder.name}/${path}`);
  if (file.size > mostBytes) at.fail(`has ${file.size} bytes; ${mostBytes} is the most that Retrace reads`);
  return new JsonCursor(await readJson(folder, path), at.file);
}

async function text(folder: ModelFolder, path: string): Promise<string | undefined> {
  const file = await folder.open(path);
  if (file === undefined) return undefined;
  if (file.size > mostBytes)
    new JsonCursor(undefined, `${folder.name}/${path}`).fail(`has ${file.size} bytes; ${mostBytes} is the most that Retrace reads`);
  return decodeUtf8(`${folder.name}/${path}`, await file.read(0, file.size));
}

const lines = (whole: string): string[] => {
  const split = whole.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  if (split[split.length - 1] === '') split.pop();
  return split;
};

/** vocab.txt: a token a line, spaces at its end gone; the last of two that are equal counts. */
function vocabularyOfLines(whole: string): Record<string, number> {
  return Object.fromEntries(lines(whole).map((line, id) => [line.trimEnd(), id]));
}

interface Files {
  readonly definition: JsonCursor | undefined;
  readonly vocabulary: JsonCursor | undefined;
  readonly merges: JsonCursor | undefined;
}

/** What the family takes its vocabulary from. Error: `missing-file`. */
async function vocabularyFiles(folder: ModelFolder, family: Family): Promise<Files> {
  const definition = await optionalJson(folder, 'tokenizer.json');
  if (definition !== undefined) {
    const model = definition.at('model');
    return { definition, vocabulary: listedVocabulary(model.at('vocab'), family), merges: model.at('merges') };
  }
  const file = (path: string, value: unknown): JsonCursor => new JsonCursor(value, `${folder.name}/${path}`);
  const vocabTxt = family.files === 'vocab.txt' ? await text(folder, 'vocab.txt') : undefined;
  if (vocabTxt !== undefined) return { definition, vocabulary: file('vocab.txt', vocabularyOfLines(vocabTxt)), merges: undefined };
  if (family.files === 'vocab.json') {
    const vocabulary = await optionalJson(folder, 'vocab.json');
    const merges = await text(folder, 'merges.txt');
    if (vocabulary !== undefined && merges !== undefined) {
      const pairs = lines(merges).filter((line) => !line.startsWith('#version'));
      return { definition, vocabulary, merges: file('merges.txt', pairs) };
    }
  }
  throw await missing(folder, family);
}

/** Vocabularies that stand as a list count from 0. */
function listedVocabulary(at: JsonCursor, family: Family): JsonCursor {
  if (family.kind === 'unigram' || family.kind === 'as-it-is' || !Array.isArray(at.value)) return at;
  const tokens = at.array(mostTokens).map((piece, id) => {
    const token: unknown = Array.isArray(piece) ? piece[0] : piece;
    return [typeof token === 'string' ? token : at.fail(`has at ${id} something else than a token`), id] as const;
  });
  return new JsonCursor(Object.fromEntries(tokens), at.file, at.path);
}

async function missing(folder: ModelFolder, family: Family): Promise<RetraceError> {
  const sentencePiece: string[] = [];
  for (const path of ['spiece.model', 'sentencepiece.bpe.model', 'tokenizer.model', 'spm.model']) {
    if ((await folder.open(path)) !== undefined) sentencePiece.push(path);
  }
  const alternative =
    family.files === undefined ? '' : family.files === 'vocab.txt' ? ', nor vocab.txt' : ', nor vocab.json with merges.txt';
  const convert = `from transformers import AutoTokenizer; AutoTokenizer.from_pretrained("FOLDER").save_pretrained("FOLDER")`;
  return new RetraceError({
    code: 'missing-file',
    message:
      sentencePiece.length > 0
        ? `${folder.name} has ${sentencePiece.join(' and ')}, which only SentencePiece reads, and no tokenizer.json.`
        : `${folder.name} has no tokenizer.json${alternative}.`,
    where: `${folder.name}/tokenizer.json`,
    remedy:
      sentencePiece.length > 0
        ? `Make tokenizer.json of it in Python, once: ${convert}`
        : 'Choose the folder of a model as it is on the hub, with its tokenizer files. tokenizer.json is made in Python by tokenizer.save_pretrained.',
  });
}

/** Reads the tokenizer's files. Errors: `missing-file`, `not-json`, `bad-tokenizer`. */
export async function tokenizerFromFolder(folder: ModelFolder): Promise<FolderTokenizer> {
  const config = (await optionalJson(folder, 'tokenizer_config.json')) ?? new JsonCursor({}, `${folder.name}/tokenizer_config.json`);
  const modelConfig = await optionalJson(folder, 'config.json');
  const modelConfigValue = isRecord(modelConfig?.value) ? modelConfig.value : {};
  const hasVocabTxt = (await folder.open('vocab.txt')) !== undefined;
  const inConfig = config.at('tokenizer_class');
  const inModelConfig = new JsonCursor(modelConfigValue.tokenizer_class, `${folder.name}/config.json`, 'tokenizer_class');
  const family = familyOf(inConfig.absent ? inModelConfig : inConfig, modelConfigValue.model_type, hasVocabTxt);
  const files = await vocabularyFiles(folder, family);
  const special = specialTokens({
    config,
    definition: files.definition,
    specialTokensMap: await optionalJson(folder, 'special_tokens_map.json'),
    addedTokens: await optionalJson(folder, 'added_tokens.json'),
    defaults: family.defaults,
  });
  const engine = engineOf(family, files, config, special);
  engine.splitSpecialTokens = config.at('split_special_tokens').value === true;
  addTokens(engine, special);
  const idOf = (name: string): number | undefined => {
    const token = special.named.get(name);
    return token === undefined ? undefined : (engine.idOf(token.content) ?? engine.idOf(special.named.get('unk_token')?.content ?? ''));
  };
  const definition = files.definition;
  const padding = definition?.at('padding');
  const paddingToken = padding === undefined || padding.absent ? undefined : padding.at('pad_token').value;
  const truncation = definition?.at('truncation');
  const direction = truncation === undefined || truncation.absent ? undefined : truncation.at('direction').value;
  const side = config.at('truncation_side').oneOf(['left', 'right'], direction === 'Left' ? 'left' : 'right');
  const names = config.at('model_input_names').value;
  const length = config.at('model_max_length').value ?? config.at('max_len').value;
  return {
    engine,
    templates: templates(family, files, config, idOf),
    padTokenId: idOf('pad_token') ?? (typeof paddingToken === 'string' ? engine.idOf(paddingToken) : undefined) ?? idOf('eos_token') ?? 0,
    eosTokenId: idOf('eos_token'),
    bosTokenId: idOf('bos_token'),
    decode: decoding(family, files, config),
    modelMaxLength: typeof length === 'number' && length > 0 ? length : Number.POSITIVE_INFINITY,
    truncationSide: side,
    tokenTypes: Array.isArray(names) ? names.includes('token_type_ids') : family.tokenTypes,
  };
}

function engineOf(family: Family, { definition, vocabulary, merges }: Files, config: JsonCursor, special: SpecialTokens): Engine {
  const part = (value: Record<string, unknown>): JsonCursor => new JsonCursor(value, config.file);
  const vocab = vocabulary?.value;
  const fail = (why: string): never => (definition ?? config).at('added_tokens').fail(why);
  const unk_token = special.named.get('unk_token')?.content ?? '[UNK]';
  const modelFile = vocabulary ?? config;
  const made = (value: Record<string, unknown>): JsonCursor => new JsonCursor(value, modelFile.file, modelFile.path === '' ? '' : 'model');
  switch (family.kind) {
    case 'bert': {
      const flag = (name: string): boolean => config.at(name).boolean(true);
      const strip = config.at('strip_accents');
      const normalizer = {
        ...{
          type: 'BertNormalizer',
          clean_text: true,
          handle_chinese_chars: flag('tokenize_chinese_chars'),
          lowercase: flag('do_lower_case'),
        },
        strip_accents: strip.absent ? null : strip.boolean(),
      };
      return new Engine({
        model: modelOf(made({ type: 'WordPiece', vocab, unk_token })),
        normalizer: normalizerOf(part(normalizer)),
        preTokenizer: preTokenizerOf(part({ type: 'BertPreTokenizer' })),
        fail,
      });
    }
    case 'byte-level': {
      const add_prefix_space = config.at('add_prefix_space').boolean(false);
      const bpe = {
        type: 'BPE',
        vocab,
        merges: merges?.absent === false ? merges.value : [],
        continuing_subword_prefix: '',
        end_of_word_suffix: '',
      };
      return new Engine({ model: modelOf(made(bpe)), preTokenizer: preTokenizerOf(part({ type: 'ByteLevel', add_prefix_space })), fail });
    }
    case 'unigram': {
      const prepend_scheme = config.at('add_prefix_space').boolean(true) ? 'always' : 'never';
      const pretokenizers = [{ type: 'WhitespaceSplit' }, { type: 'Metaspace', replacement: '\u2581', prepend_scheme }];
      const charsmap = definition === undefined ? undefined : charsmapOf(definition.at('normalizer'));
      return new Engine({
        model: modelOf(made({ type: 'Unigram', vocab, unk_id: 3 })),
        normalizer: charsmap === undefined ? undefined : normalizerOf(charsmap),
        preTokenizer: preTokenizerOf(part({ type: 'Sequence', pretokenizers })),
        fail,
      });
    }
    case 'as-it-is': {
      const whole = definition ?? config;
      const normalizer = whole.at('normalizer');
      const preTokenizer = whole.at('pre_tokenizer');
      const engine = new Engine({
        model: modelOf(whole.at('model')),
        normalizer: normalizer.absent ? undefined : normalizerOf(normalizer),
        preTokenizer: preTokenizer.absent ? undefined : preTokenizerOf(preTokenizer),
        fail,
      });
      engine.addTokens(special.inDefinition);
      return engine;
    }
  }
}

/** How tokens become text: as the class makes it, or as tokenizer.json says. It is read when it is first asked for: whoever only reads texts needs none. */
function decoding(family: Family, { definition }: Files, config: JsonCursor): FolderTokenizer['decode'] {
  const part = (value: Record<string, unknown>): Decoder => decoderOf(new JsonCursor(value, config.file));
  const made = (): Decoder => {
    if (family.kind === 'bert') return part({ type: 'WordPiece' });
    if (family.kind === 'byte-level') return part({ type: 'ByteLevel' });
    if (family.kind === 'unigram')
      return part({ type: 'Metaspace', prepend_scheme: config.at('add_prefix_space').boolean(true) ? 'always' : 'never' });
    const given = (definition ?? config).at('decoder');
    return given.absent ? withSpaces : decoderOf(given);
  };
  const isBpe = family.kind === 'byte-level' || (family.kind === 'as-it-is' && definition?.at('model').at('type').value === 'BPE');
  const tidies = config.at('clean_up_tokenization_spaces').value === true && !isBpe;
  let decoder: Decoder | undefined;
  return (tokens) => {
    decoder ??= made();
    const text = decoder(tokens).join('');
    return tidies ? cleanUpSpaces(text) : text;
  };
}

/** The first Precompiled normalizer of a definition. */
function charsmapOf(normalizer: JsonCursor): JsonCursor | undefined {
  if (normalizer.absent) return undefined;
  const steps = normalizer.at('type').value === 'Sequence' ? normalizer.at('normalizers').list(64) : [normalizer];
  return steps.find((step) => step.at('type').value === 'Precompiled' && !step.at('precompiled_charsmap').absent);
}

function addTokens(engine: Engine, special: SpecialTokens): void {
  const adding: AddedToken[] = [...special.decoder].sort(([a], [b]) => a - b).map(([, token]) => token);
  const known = new Set([...engine.added.ids.keys(), ...adding.map((token) => token.content)]);
  for (const token of [...namedTokens(special), ...extraTokens(special)]) {
    if (known.has(token.content) || adding.some((other) => other.content === token.content)) continue;
    adding.push(token);
  }
  const names = new Set(namedTokens(special).map((token) => token.content));
  engine.addTokens(adding.map((token) => (names.has(token.content) ? { ...token, special: true } : token)));
}

function templates(family: Family, files: Files, config: JsonCursor, idOf: (name: string) => number | undefined): Templates {
  const id = (name: string, otherwise: number): number => idOf(name) ?? otherwise;
  if (family.post === 'bert') return bertTemplates(id('cls_token', 2), id('sep_token', 3));
  if (family.post === 'roberta') return robertaTemplates(id('cls_token', 0), id('sep_token', 2));
  if (family.post === 'xlm-roberta') return robertaTemplates(id('bos_token', 0), id('eos_token', 2));
  const given = files.definition?.at('post_processor');
  if (given !== undefined && !given.absent) return templatesOf(given);
  // Without tokenizer.json the flags count; with it they do not.
  const flagged = (flag: string, token: string): number | undefined =>
    files.definition === undefined && config.at(flag).value === true ? idOf(token) : undefined;
  const [bos, eos] = [flagged('add_bos_token', 'bos_token'), flagged('add_eos_token', 'eos_token')];
  const around = (text: 0 | 1): Piece[] => [
    ...(bos === undefined ? [] : [{ ids: [bos], type: text }]),
    { text, type: text },
    ...(eos === undefined ? [] : [{ ids: [eos], type: text }]),
  ];
  return { single: around(0), pair: [...around(0), ...around(1)] };
}
