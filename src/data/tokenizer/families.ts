// Which of Transformers' tokenizer classes a folder's files ask for, and what that class does: the rules of AutoTokenizer (5.24). A class that is not
// here takes tokenizer.json as it is. Invariant: one row a class; what classes share is not told apart.

import type { JsonCursor } from './json_cursor.ts';
import { whyUnread } from './unread_classes.ts';

export interface Family {
  /** What is made of the vocabulary, whatever else tokenizer.json says. */
  readonly kind: 'bert' | 'byte-level' | 'unigram' | 'as-it-is';
  /** Where the vocabulary is where there is no tokenizer.json. */
  readonly files: 'vocab.txt' | 'vocab.json' | undefined;
  /** Special tokens round a text; `given` is tokenizer.json's. */
  readonly post: 'bert' | 'roberta' | 'xlm-roberta' | 'given';
  readonly tokenTypes: boolean;
  /** Special tokens where no file names them. */
  readonly defaults: Readonly<Record<string, string>>;
}

const bertTokens = { unk_token: '[UNK]', sep_token: '[SEP]', pad_token: '[PAD]', cls_token: '[CLS]', mask_token: '[MASK]' };
const robertaTokens = {
  ...{
    bos_token: '<s>',
    eos_token: '</s>',
    sep_token: '</s>',
    cls_token: '<s>',
    unk_token: '<unk>',
    pad_token: '<pad>',
    mask_token: '<mask>',
  },
};
const endOfText = '<|endoftext|>';

const bert: Family = { kind: 'bert', files: 'vocab.txt', post: 'bert', tokenTypes: true, defaults: bertTokens };
const roberta: Family = { kind: 'byte-level', files: 'vocab.json', post: 'roberta', tokenTypes: false, defaults: robertaTokens };
const gpt2: Family = {
  ...{ kind: 'byte-level', files: 'vocab.json', post: 'given', tokenTypes: false },
  defaults: { unk_token: endOfText, bos_token: endOfText, eos_token: endOfText },
};
const xlmRoberta: Family = { kind: 'unigram', files: undefined, post: 'xlm-roberta', tokenTypes: false, defaults: robertaTokens };
const mpnet: Family = {
  kind: 'bert',
  files: 'vocab.txt',
  post: 'roberta',
  tokenTypes: false,
  defaults: { ...robertaTokens, unk_token: '[UNK]' },
};
const distilbert: Family = { ...bert, tokenTypes: false };
const asItIs: Family = { kind: 'as-it-is', files: undefined, post: 'given', tokenTypes: false, defaults: {} };

/** By the name of the class, `Fast` left off. */
const classes = new Map<string, Family>([
  ...[
    ...['BertTokenizer', 'ElectraTokenizer', 'MobileBertTokenizer', 'SqueezeBertTokenizer', 'LayoutLMTokenizer', 'ConvBertTokenizer'],
    ...['DPRContextEncoderTokenizer', 'DPRQuestionEncoderTokenizer', 'DPRReaderTokenizer'],
  ].map((name) => [name, bert] as const),
  ['DistilBertTokenizer', distilbert],
  ['MPNetTokenizer', mpnet],
  ...['RobertaTokenizer', 'BartTokenizer', 'LongformerTokenizer', 'LEDTokenizer'].map((name) => [name, roberta] as const),
  ['GPT2Tokenizer', gpt2],
  ['XLMRobertaTokenizer', xlmRoberta],
]);

/** By model_type, where no class is named. */
const modelTypes = new Map<string, Family>([
  ...['bert', 'distilbert', 'electra', 'convbert', 'squeezebert', 'megatron-bert', 'mobilebert', 'layoutlm', 'ernie', 'nomic_bert'].map(
    (type) => [type, bert] as const,
  ),
  ['mpnet', mpnet],
  ...['roberta', 'bart', 'longformer', 'roberta-prelayernorm', 'data2vec-text', 'ibert', 'led'].map((type) => [type, roberta] as const),
  ...['gpt2', 'opt', 'gpt_neo', 'gptj', 'phi', 'starcoder2'].map((type) => [type, gpt2] as const),
  ...['xlm-roberta', 'xmod'].map((type) => [type, xlmRoberta] as const),
]);

/** Types that take tokenizer.json as it is, whatever class their files name. */
const alwaysAsItIs = new Set(['modernbert', 'modernbert-decoder', 'xlm-roberta-xl', 'phi3', 'qwen2', 'nemotron']);

/** `named` is the tokenizer_class; `vocabTxt`: the folder has a vocab.txt, which without any other word is BERT's. Error: `bad-tokenizer`. */
export function familyOf(named: JsonCursor, modelType: unknown, vocabTxt: boolean): Family {
  if (typeof modelType === 'string' && alwaysAsItIs.has(modelType)) return asItIs;
  if (typeof named.value === 'string') {
    const name = named.value.replace(/Fast$/, '');
    const unread = whyUnread(name);
    if (unread !== undefined) named.fail(unread.why, unread.remedy);
    return classes.get(name) ?? asItIs;
  }
  if (typeof modelType === 'string') return modelTypes.get(modelType) ?? asItIs;
  return vocabTxt ? bert : asItIs;
}
