// The whole model of what was trained or imported: asks what it would be, and has it made. Invariant: what stands here is of the model that the worker holds.

import type { StoreApi } from 'zustand/vanilla';
import type { TrainerClient } from '../../src/client/trainer_client.ts';
import { reportOf } from '../../src/protocol/errors.ts';
import type { Calls, MergePlan, MergeResult } from '../../src/protocol/messages.ts';
import type { Answer } from './answer.ts';
import type { AppState } from './app_state.ts';

export interface Merging {
  readonly plan: Answer<MergePlan>;
  readonly made: Answer<MergeResult>;
}

export const noMerging: Merging = { plan: { pending: false }, made: { pending: false } };

export function mergingOf(client: TrainerClient, { getState, setState }: StoreApi<AppState>) {
  /** Puts an answer down, unless the model is another by now. */
  const answering = async <K extends keyof Merging>(key: K, ask: () => Promise<Merging[K]['value']>): Promise<Merging[K]['value']> => {
    setState({ merging: { ...getState().merging, [key]: { pending: true } } });
    const asked = getState().merging[key];
    const put = (answer: object) => {
      const { merging } = getState();
      if (merging[key] === asked) setState({ merging: { ...merging, [key]: { pending: false, ...answer } } });
    };
    try {
      const value = await ask();
      put({ value });
      return value;
    } catch (thrown) {
      put({ error: reportOf(thrown) });
      return undefined;
    }
  };
  return {
    planMerge: () => void answering('plan', () => client.call('mergePlan')),
    mergeModel: (request: Calls['mergeModel']['argument']) => answering('made', () => client.call('mergeModel', request)),
  };
}
