// A short list of models to begin with, by architecture. Parameters follow from their shapes, and bytes from these; licences and uses are
// written down from their cards. The hub's own listing, which is shown before anything is fetched, has the last word. Not a list of what works: every model of these architectures does, whatever it is called.

import type { KnownModel } from '../protocol/hub.ts';

/** Parameters of BERT with its pooler: vocabulary of 30,522 pieces, 512 positions, two types of token. */
const bert = (layers: number, width: number, vocabulary = 30_522): number =>
  (vocabulary + 512 + 2) * width + 2 * width + layers * (12 * width * width + 13 * width) + width * width + width;

/** Of the decoders: a word table, positions, layers of width C with all their biases, and the norm behind them. */
const decoder = (layers: number, width: number, vocabulary: number, positions: number): number =>
  (vocabulary + positions) * width + layers * (12 * width * width + 13 * width) + 2 * width;

/** Of those that look at pictures of 224 × 224 in patches of 16: patches and their positions, those of the `special` tokens, layers of width C, the norm behind them. */
const vit = (layers: number, width: number, special = 1): number =>
  (3 * 16 * 16 + 1) * width + (196 + 2 * special) * width + layers * (12 * width * width + 13 * width) + 2 * width;

/** A classifier of ImageNet's thousand classes. */
const classifier = (width: number): number => 1000 * width + 1000;

interface Row {
  readonly id: string;
  /** BERT where left out. */
  readonly model_type?: string;
  /** Bytes of a parameter in its file; 4 where left out. */
  readonly width?: 2;
  readonly parameters: number;
  readonly licence: string;
  readonly good_for: string;
}

const rows: readonly Row[] = [
  {
    id: 'google/bert_uncased_L-2_H-128_A-2',
    parameters: bert(2, 128),
    licence: 'apache-2.0',
    good_for: 'First trials: the smallest BERT, trained in seconds; its accuracy is modest.',
  },
  {
    id: 'google/bert_uncased_L-4_H-256_A-4',
    parameters: bert(4, 256),
    licence: 'apache-2.0',
    good_for: 'Laptops without a graphics card, and teaching: small, and clearly better than the smallest.',
  },
  {
    id: 'google/bert_uncased_L-4_H-512_A-8',
    parameters: bert(4, 512),
    licence: 'apache-2.0',
    good_for: 'Short English texts where time matters more than the last point of accuracy.',
  },
  {
    id: 'google/bert_uncased_L-8_H-512_A-8',
    parameters: bert(8, 512),
    licence: 'apache-2.0',
    good_for: 'English texts: most of BERT-base at a third of its size.',
  },
  {
    id: 'sentence-transformers/all-MiniLM-L6-v2',
    parameters: bert(6, 384),
    licence: 'apache-2.0',
    good_for: 'Topics and intents from few examples: it was trained to tell sentences apart by meaning.',
  },
  {
    id: 'sentence-transformers/all-MiniLM-L12-v2',
    parameters: bert(12, 384),
    licence: 'apache-2.0',
    good_for: 'The same with twice the layers.',
  },
  {
    id: 'microsoft/MiniLM-L12-H384-uncased',
    parameters: bert(12, 384),
    licence: 'mit',
    good_for: 'English texts and pairs of texts, distilled from BERT-base to a third of its size.',
  },
  {
    id: 'google-bert/bert-base-uncased',
    parameters: bert(12, 768),
    licence: 'apache-2.0',
    good_for: 'The model of the papers: GLUE and whatever is to be compared with them.',
  },
  {
    id: 'google-bert/bert-base-cased',
    parameters: bert(12, 768, 28_996),
    licence: 'apache-2.0',
    good_for: 'English texts in which capitals matter, such as names.',
  },
  {
    id: 'google-bert/bert-base-multilingual-cased',
    parameters: bert(12, 768, 119_547),
    licence: 'apache-2.0',
    good_for: 'Texts in a hundred languages; half of its parameters are its vocabulary.',
  },
  {
    id: 'distilbert/distilbert-base-uncased',
    model_type: 'distilbert',
    parameters: (30_522 + 512) * 768 + 2 * 768 + 6 * (12 * 768 * 768 + 13 * 768),
    licence: 'apache-2.0',
    good_for: 'Most of BERT-base with half of its layers.',
  },
  {
    id: 'FacebookAI/roberta-base',
    model_type: 'roberta',
    parameters: (50_265 + 514 + 1) * 768 + 2 * 768 + 12 * (12 * 768 * 768 + 13 * 768),
    licence: 'mit',
    good_for: 'English texts: BERT-base’s size, and better at GLUE for its longer training.',
  },
  {
    id: 'distilbert/distilgpt2',
    model_type: 'gpt2',
    parameters: decoder(6, 768, 50_257, 1024),
    licence: 'apache-2.0',
    good_for: 'A small decoder: what methods do on models that read from left to right.',
  },
  {
    id: 'openai-community/gpt2',
    model_type: 'gpt2',
    parameters: decoder(12, 768, 50_257, 1024),
    licence: 'mit',
    good_for: 'The smallest GPT-2.',
  },
  {
    id: 'facebook/opt-125m',
    model_type: 'opt',
    width: 2,
    parameters: decoder(12, 768, 50_272, 2050),
    licence: 'other',
    good_for: 'The smallest OPT, in f16. Its licence allows research only.',
  },
  {
    id: 'facebook/bart-base',
    model_type: 'bart',
    parameters: 50_265 * 768 + 2 * 1026 * 768 + 6 * (12 * 768 * 768 + 13 * 768) + 6 * (16 * 768 * 768 + 19 * 768) + 4 * 768,
    licence: 'apache-2.0',
    good_for: 'Texts to be written for texts, such as summaries: six layers read, six write.',
  },
  {
    id: 'facebook/deit-tiny-patch16-224',
    model_type: 'vit',
    parameters: vit(12, 192) + classifier(192),
    licence: 'apache-2.0',
    good_for: 'Pictures on any laptop, and first trials: the smallest DeiT, which learned ImageNet’s thousand classes.',
  },
  {
    id: 'WinKawaks/vit-tiny-patch16-224',
    model_type: 'vit',
    parameters: vit(12, 192) + classifier(192),
    licence: 'apache-2.0',
    good_for: 'The same size, trained as the larger ViTs are: on ImageNet-21k first.',
  },
  {
    id: 'facebook/deit-small-patch16-224',
    model_type: 'vit',
    parameters: vit(12, 384) + classifier(384),
    licence: 'apache-2.0',
    good_for: 'Pictures, a quarter of ViT-base’s size: the usual step up from the smallest.',
  },
  {
    id: 'google/vit-base-patch16-224-in21k',
    model_type: 'vit',
    parameters: vit(12, 768) + 768 * 768 + 768,
    licence: 'apache-2.0',
    good_for: 'Pictures of any kind: trained on ImageNet-21k’s 21,843 classes, and the usual start for fine-tuning.',
  },
  {
    id: 'google/vit-base-patch16-224',
    model_type: 'vit',
    parameters: vit(12, 768) + classifier(768),
    licence: 'apache-2.0',
    good_for: 'The same, trained further on ImageNet’s thousand classes: for photographs like those.',
  },
  {
    id: 'facebook/deit-tiny-distilled-patch16-224',
    model_type: 'deit',
    parameters: vit(12, 192, 2) + 2 * classifier(192),
    licence: 'apache-2.0',
    good_for: 'The smallest DeiT with a second token, which learned from a convolutional network.',
  },
  {
    id: 'facebook/deit-small-distilled-patch16-224',
    model_type: 'deit',
    parameters: vit(12, 384, 2) + 2 * classifier(384),
    licence: 'apache-2.0',
    good_for: 'The same at a quarter of ViT-base’s size.',
  },
];

/** Of these the one that every task is for: it goes on with texts, and its last token stands for all of one. */
export const modelThatWrites = 'distilbert/distilgpt2';

/** Of these the smallest that looks at pictures. */
export const modelThatSees = 'facebook/deit-tiny-patch16-224';

/** A file's header adds some kilobytes. */
export const knownModels: readonly KnownModel[] = rows.map(({ model_type = 'bert', width = 4, ...row }) => ({
  ...row,
  model_type,
  bytes: width * row.parameters,
}));
