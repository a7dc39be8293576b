// Options of texts that a model writes. Names and meanings are those of Transformers' GenerationConfig, and what one of them does to logits is done in its order
// (src/generate/sampling.ts). Not here: which token ends a text (the model's folder).

import * as v from 'valibot';
import { option } from './option.ts';
import { mostCounted, positive, whole } from './schemas.ts';

/** What only draws go by. */
export const ofDraws: readonly string[] = ['temperature', 'top_k', 'top_p', 'seed'];

export const generationOptions = {
  max_new_tokens: option({
    schema: whole(1, 100_000),
    default: 64,
    label: 'New tokens',
    help: 'Tokens to write at most, behind the prompt.',
    reason: 'A few sentences: enough to see what was learned.',
    main: true,
  }),
  do_sample: option({
    schema: v.boolean(),
    default: false,
    label: 'Draw at random',
    help: 'Draws each token by its probability. Else it is always the likeliest one, and the same prompt gives the same text.',
    reason: 'The likeliest text shows best what a model has learned.',
    main: true,
  }),
  temperature: option({
    schema: v.pipe(positive, v.minValue(0.01), v.maxValue(100)),
    default: 1,
    label: 'Temperature',
    help: 'What is drawn from: below 1 likely tokens become likelier still, above 1 rare ones come more often.',
    reason: 'As the model has learned it.',
  }),
  top_k: option({
    schema: whole(0, 1_000_000),
    default: 50,
    label: 'Top k',
    help: 'Draws from the likeliest tokens only, so many of them. 0: from all.',
    reason: "Transformers' default.",
  }),
  top_p: option({
    schema: v.pipe(v.number(), v.gtValue(0), v.maxValue(1)),
    default: 1,
    label: 'Top p',
    help: 'Draws from the fewest tokens whose probabilities sum to this much. 1: from all.',
    reason: "Transformers' default.",
  }),
  repetition_penalty: option({
    schema: v.pipe(positive, v.minValue(0.01), v.maxValue(100)),
    default: 1,
    label: 'Repetition penalty',
    help: 'Above 1 tokens that stand in the text already become less likely. 1: none.',
    reason: "Transformers' default.",
  }),
  stop_strings: option({
    schema: v.pipe(v.array(v.pipe(v.string(), v.nonEmpty(), v.maxLength(1000))), v.maxLength(16), v.readonly()),
    default: [],
    label: 'Stop at',
    help: 'Texts that end what is written, with commas between them. The token that ends a text ends it too.',
    reason: 'A text ends where the model ends it.',
  }),
  seed: option({
    schema: whole(0, mostCounted),
    default: 0,
    label: 'Seed',
    help: 'Of what is drawn: the same seed draws the same text.',
    reason: 'Any one.',
  }),
};
