// prompt-tuning: P virtual tokens before the text train and nothing else of the backbone (Lester, Al-Rfou, Constant 2021), laid out as in PEFT. They
// start as small as the model's own weights, where PEFT's start at N(0, 1).

import { type Method, tokensOfOneText, trainsAdditions } from './method.ts';
import { notReversible, singleStream } from './single_stream.ts';

export const promptTuning: Method = {
  name: 'prompt-tuning',
  title: 'Prompt tuning',
  summary: 'A few virtual tokens before the text train; activations are kept all the way down to them.',
  group: 'prompt',
  diagram: { adds: [{ part: 'tokens', at: 'input' }], kept: 'everything' },
  paper: {
    title: 'The Power of Scale for Parameter-Efficient Prompt Tuning (Lester et al., EMNLP 2021)',
    url: 'https://arxiv.org/abs/2104.08691',
  },
  trains: trainsAdditions,
  refuses: notReversible('Prompt tuning'),
  defaultPolicy: 'store',
  learning_rate: 1e-2,
  uses: ['num_virtual_tokens'],
  peft: 'PROMPT_TUNING',
  options: () => ({}),
  refusesModel({ config: { hidden_size: C }, stacks }) {
    const { input_size = C } = stacks[0];
    return input_size === C
      ? tokensOfOneText({ stacks })
      : `Its words are vectors of ${input_size} numbers and its layers ${C} wide; PEFT's prompts have the width of the layers and don't fit.`;
  },
  wire({ config: { hidden_size: C, initializer_range: std } }, { num_virtual_tokens: P }) {
    return singleStream({
      tokensBefore: (g) => ({
        prompt: g.weight('embeddings.prompt_embeddings.weight', [P, C], { owner: 'method', initial: { from: 'normal', std } }),
        first_position: P,
      }),
    });
  },
};
