// What stands in a tokenizer's place where a model looks at pictures: it has no ids, and refuses every text.

import { RetraceError } from '../../protocol/errors.ts';
import type { Tokenizer } from '../tokenizer.ts';

/** Errors of whatever is asked of it: `reads-pictures`. */
export function noTokenizer(model: string): Tokenizer {
  const refuse = (): never => {
    throw new RetraceError({
      code: 'reads-pictures',
      message: `${model} looks at pictures, and a text is given.`,
      where: 'text',
      remedy: 'Give a picture (JPEG, PNG, WebP or GIF), or choose a model that reads texts.',
    });
  };
  return {
    ...{ padTokenId: 0, modelMaxLength: Number.POSITIVE_INFINITY, vocabSize: 0, largestId: -1, leading: [] },
    ...{ encode: refuse, tokens: refuse, decode: refuse, token: refuse },
  };
}
