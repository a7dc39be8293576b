// The study of starting points: asks for it, collects its points as they come, keeps its report. Invariant: it has the worker to itself, as a
// run has, and replaces the model that the worker held.

import type { StoreApi } from 'zustand/vanilla';
import type { TrainerClient } from '../../src/client/trainer_client.ts';
import { reportOf } from '../../src/protocol/errors.ts';
import type { StudyEvent, StudyRequest, StudySeries } from '../../src/protocol/study.ts';
import { type AppState, noStudy, type StudyState } from './app_state.ts';
import { noMerging } from './merging.ts';
import { occupationOf } from './occupied.ts';
import { evaluationOf, type Settings, taskRequest, trainingDefaultsOf } from './settings.ts';

/** On the chosen model and data, with as many steps for each point. */
export function studyRequestOf(settings: Settings, max_steps: number): StudyRequest {
  const { model, pooling, image_size, data, columns } = settings;
  // Each method uses its own default learning rate.
  const { learning_rate: _, ...training } = { ...trainingDefaultsOf(undefined, settings.training), ...settings.training };
  return {
    model,
    ...(pooling === undefined ? {} : { pooling }),
    ...(image_size === undefined ? {} : { image_size }),
    data,
    ...taskRequest(settings),
    ...evaluationOf(settings),
    ...(columns === undefined ? {} : { columns }),
    training: { ...training, max_steps },
    eval_examples: EXAMPLES,
  };
}

/** Enough to tell starts apart, few enough that the study takes minutes. */
const EXAMPLES = 128;
export const STUDY_STEPS = 20;

function withPoint(series: readonly StudySeries[], { series: head, point }: StudyEvent): StudySeries[] {
  const known = series.find(({ name }) => name === head.name);
  const grown = { ...head, points: [...(known?.points ?? []), point] };
  return known ? series.map((each) => (each === known ? grown : each)) : [...series, grown];
}

export function studyingOf(client: TrainerClient, { getState, setState }: StoreApi<AppState>) {
  const put = (change: Partial<StudyState>) => setState({ study: { ...getState().study, ...change } });
  client.onEvent((event) => {
    if (event.type === 'study') put({ done: event.done, of: event.of, series: withPoint(getState().study.series, event) });
  });
  return {
    async begin(max_steps: number): Promise<void> {
      const { settings } = getState();
      if (occupationOf(getState()) !== undefined) return;
      const idle = { pending: false } as const;
      setState({
        run: undefined,
        exported: idle,
        merging: noMerging,
        imported: idle,
        prediction: idle,
        writing: idle,
        study: { ...noStudy, running: true, steps: max_steps },
      });
      await client.call('study', studyRequestOf(settings, max_steps)).then(
        (report) => put({ running: false, report }),
        (thrown: unknown) => put({ running: false, ...(reportOf(thrown).code === 'cancelled' ? {} : { error: reportOf(thrown) }) }),
      );
    },
    async stop(): Promise<void> {
      await client.call('stop', { keep: 'last' }).catch(() => undefined);
    },
  };
}
