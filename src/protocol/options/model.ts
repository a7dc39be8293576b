// Options of the model: what of its output the head reads, and how large the pictures are that it looks at.

import * as v from 'valibot';
import { optionLeftOut } from './option.ts';
import { whole } from './schemas.ts';

export const poolings = ['mean', 'cls', 'last', 'distilled'] as const;
export type Pooling = (typeof poolings)[number];

export const modelOptions = {
  pooling: optionLeftOut({
    schema: v.picklist(poolings),
    leftOut:
      'as the folder of the model says (1_Pooling), else as the architecture’s own classifier: the first token, of models that see only what came before the last',
    label: 'Pooling',
    help: 'What the classifier reads of a text or picture: the mean of all its tokens, the first token (through the pretrained pooler where there is one), or the last.',
    reason: 'A model is best read as it was trained to be read.',
    words: { mean: 'Mean of the tokens', cls: 'First token', last: 'Last token', distilled: 'Class and distillation token' },
  }),
  image_size: optionLeftOut({
    schema: whole(1, 8192),
    leftOut: 'as the config.json of the model says',
    label: 'Image size',
    help: 'Pixels along a side of the pictures that the model looks at. Its positions are interpolated where it was trained with another size.',
    reason: 'A model sees best at the size at which it was trained.',
  }),
};
