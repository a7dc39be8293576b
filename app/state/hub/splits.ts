// Which parts of a data set on the hub to train on and to evaluate with, as references. Pure.

import type { DataRef } from '../../../src/protocol/config.ts';
import type { HubDataset } from '../../../src/protocol/hub.ts';
import { evaluationSplit, type KnownDataset } from '../../../src/protocol/hub_data.ts';

export type HubData = Extract<DataRef, { kind: 'hub' }>;

export interface SplitChoice {
  readonly id: string;
  readonly revision?: string | undefined;
  readonly config: string;
  readonly split: string;
  /** Left out: a part of `split` is held back. */
  readonly evaluation?: string | undefined;
}

export const dataName = ({ id, config }: Pick<SplitChoice, 'id' | 'config'>): string => (config === 'default' ? id : `${id} ${config}`);

const refOf = ({ id, revision, config }: SplitChoice, split: string): HubData => ({
  kind: 'hub',
  name: dataName({ id, config }),
  id,
  config,
  split,
  ...(revision === undefined ? {} : { revision }),
});

/** What a run trains on, and what it is evaluated with. */
export const refsOf = (choice: SplitChoice): { data: HubData; eval_data: HubData | undefined } => ({
  data: refOf(choice, choice.split),
  eval_data: choice.evaluation === undefined ? undefined : refOf(choice, choice.evaluation),
});

/** What most people want of a configuration: train on `train`, evaluate with what is made for it. Labels of a test split are often hidden. */
export function usualChoice(dataset: HubDataset, config: string, revision?: string): SplitChoice | undefined {
  const splits = dataset.configs.find(({ name }) => name === config)?.splits.map(({ name }) => name) ?? [];
  const split = splits.find((name) => name === 'train') ?? splits[0];
  return split === undefined ? undefined : { id: dataset.id, revision, config, split, evaluation: evaluationSplit(splits, split) };
}

export const choiceOf = ({ id, config, eval_split }: KnownDataset): SplitChoice => ({ id, config, split: 'train', evaluation: eval_split });
