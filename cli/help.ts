// Help texts: what each command does, an example, its flags.

import { type CommandName, commandNames, flagHelp } from './flags.ts';

const commandTexts: Readonly<Record<CommandName, { does: string; more: string; example: string }>> = {
  plan: {
    does: 'the exact memory plan of a run, before anything is allocated',
    more: 'Needs no GPU and no weights: a folder with a config.json is enough, and of a model on the hub its headers. Flags of training are taken, so that a train line becomes a plan line.',
    example: 'retrace plan --model google-bert/bert-base-uncased --method meft1 --batch-size 16 --max-length 128',
  },
  train: {
    does: 'fine-tunes, evaluates, writes the adapter to --out',
    more: 'Ctrl-C pauses after the step under way (exit code 130); --resume goes on from there to the same numbers, bit for bit.',
    example: 'retrace train --data reviews.tsv --text-column review --label-column stars --out reviews-adapter',
  },
  profile: {
    does: 'where the time of a training step goes: by kernel family, kernel and phase',
    more: 'Takes the flags of train, warms up, and times one step dispatch by dispatch. Rates stand beside the best matrix product and copy of the same device.\nNothing is saved. Dispatches are timed alone, so their sum is not the time of a step in a run.',
    example: 'retrace profile --method lora --batch-size 16 --trace step.json',
  },
  evaluate: {
    does: 'metrics of an adapter on a data file',
    more: 'The model must be the one that the adapter was trained on, by checksum. With --model alone, that of a model with a classifier of its own.',
    example: 'retrace evaluate --adapter reviews-adapter --data test.tsv',
  },
  predict: {
    does: 'what an adapter says of texts, or of each row of a file: a class, a number, an answer, a text',
    more: 'With --model alone, what a model with a classifier of its own says.',
    example: 'retrace predict --adapter reviews-adapter --text "could not put it down"',
  },
  merge: {
    does: 'an adapter put into the weights of its base: a folder that plain Transformers loads',
    more: 'Takes what --adapter takes, with or without the flag: LoRA, (IA)³, BitFit, full fine-tuning and linear probes of a classifier that Transformers has (not mean pooling).\nThe folder is opened again and its logits compared before it is called done. Weights pass through piece by piece and are never in memory whole.',
    example: 'retrace merge reviews-adapter --model google-bert/bert-base-uncased --out reviews-model',
  },
  generate: {
    does: 'texts that an adapter, or a pretrained model as it is, writes behind prompts',
    more: 'Models that write: GPT-2, OPT and BART. Without --do-sample each token is the likeliest one. Ctrl-C ends the text where it is.',
    example: 'retrace generate --model distilbert/distilgpt2 --text "Once upon a time" --do-sample --top-p 0.9',
  },
  compare: {
    does: 'the plans of several methods and policies: a table, CSV, JSON, a picture',
    more: 'Percentages are of full fine-tuning that stores its activations, at the same batch and length.\n--study init trains from several starts instead; without a GPU give it --max-steps 0, which measures distances alone.',
    example: 'retrace compare --methods meft1,lora --policies all --batch-size 16 --max-length 128 --sort total --picture memory.svg',
  },
  inspect: {
    does: 'what is in a model, adapter, run or data file, or what is wrong with it',
    more: 'Takes paths: a folder, a .safetensors, .zip, .csv or .tsv file; or the id of a model on the hub, of which headers are read.',
    example: 'retrace inspect reviews.tsv',
  },
  hub: {
    does: 'models of the hub: what is kept here, what there is, fetching and removing; pushing adapters',
    more: [
      'list             what is kept: commit, bytes, whole or in part, last use',
      'known            models to begin with, by architecture; asks for nothing',
      'search TEXT      models of the hub, and whether they can be trained here',
      'fetch ID         brings a model here: configuration, tokenizer, one form of the weights',
      'remove ID        removes what is kept of it, or one --commit',
      'push FOLDER ID   an adapter, folder or zip, with its card, as one commit; a repository that is not there is made',
      '',
      "Kept in the cache of Python's libraries (HF_HUB_CACHE, HF_HOME/hub, ~/.cache/huggingface/hub): what one has fetched the other finds.",
      'Gated and private models, and pushing: set HF_TOKEN, or sign in by `hf auth login`. HF_HUB_OFFLINE=1: only what is kept is used.',
    ].join('\n'),
    example: 'retrace hub fetch google-bert/bert-base-uncased',
  },
};

export const overallHelp = (): string =>
  [
    'retrace COMMAND [flags]: fine-tunes pretrained transformers with reversible layers, in a fraction of the memory.',
    '',
    ...commandNames.map((name) => `  ${name.padEnd(10)}${commandTexts[name].does}`),
    '',
    'retrace COMMAND --help lists the flags of a command; retrace --version says which Retrace this is.',
    'With --json stdout carries JSON lines only. Exit codes: 0 done, 1 failed, 2 wrong usage.',
  ].join('\n');

export function commandHelp(name: CommandName): string {
  const { does, more, example } = commandTexts[name];
  return [`retrace ${name}: ${does}`, ...(more ? [more] : []), '', `  ${example}`, '', flagHelp(name)].join('\n');
}
