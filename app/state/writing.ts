// A text that the trained or imported model writes: begun, shown as it comes, stopped. Invariant: what stands here is of the model that the worker holds.

import type { StoreApi } from 'zustand/vanilla';
import type { TrainerClient } from '../../src/client/trainer_client.ts';
import type { GenerationOptions } from '../../src/protocol/config.ts';
import { reportOf } from '../../src/protocol/errors.ts';
import type { WrittenText } from '../../src/protocol/generation.ts';
import type { Answer } from './answer.ts';
import type { AppState } from './app_state.ts';

/** What there is of a text; how it ended, once it has. */
export interface Written extends Pick<WrittenText, 'text'>, Partial<Pick<WrittenText, 'tokens' | 'finish' | 'goes_on'>> {
  readonly prompt: string;
}

export type WritingState = Answer<Written>;

export function writingOf(client: TrainerClient, { getState, setState }: StoreApi<AppState>) {
  client.onEvent((event) => {
    const { writing } = getState();
    if (event.type === 'writing' && writing.pending && writing.value !== undefined)
      setState({ writing: { pending: true, value: { ...writing.value, text: event.text, goes_on: event.goes_on } } });
  });
  return {
    write: async (prompt: string, options: Partial<GenerationOptions>): Promise<void> => {
      const begun: WritingState = { pending: true, value: { prompt, text: '' } };
      setState({ writing: begun });
      // Another model may have come meanwhile, and another text with it.
      const isOurs = () => getState().writing.value?.prompt === prompt && getState().writing.pending;
      try {
        const [written] = await client.call('generate', { prompts: [prompt], options });
        if (isOurs() && written !== undefined) setState({ writing: { pending: false, value: { prompt, ...written } } });
      } catch (thrown) {
        if (isOurs()) setState({ writing: { pending: false, error: reportOf(thrown) } });
      }
    },
    stopWriting: (): void => void client.call('stopWriting').catch(() => undefined),
  };
}
