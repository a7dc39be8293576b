// What the page measures: one step of a run, and the device (#bench). Invariant: a measurement of the device has the worker to itself, as a run has, and
// replaces the model that the worker held.

import type { StoreApi } from 'zustand/vanilla';
import type { TrainerClient } from '../../src/client/trainer_client.ts';
import type { BenchSizes } from '../../src/protocol/bench.ts';
import { reportOf } from '../../src/protocol/errors.ts';
import { type AppState, type BenchState, noBench } from './app_state.ts';
import { noMerging } from './merging.ts';
import { occupationOf } from './occupied.ts';

const idle = { pending: false } as const;

export function measuringOf(client: TrainerClient, { getState, setState }: StoreApi<AppState>) {
  const put = (change: Partial<BenchState>) => setState({ bench: { ...getState().bench, ...change } });
  client.onEvent((event) => {
    if (event.type === 'bench') put({ event });
  });
  return {
    async profileStep(): Promise<void> {
      setState({ profiled: { pending: true } });
      await client.call('profileStep', {}).then(
        (value) => setState({ profiled: { pending: false, value } }),
        (thrown: unknown) => {
          const error = reportOf(thrown);
          setState({ profiled: error.code === 'cancelled' ? idle : { pending: false, error } });
        },
      );
    },
    async measureDevice(sizes: BenchSizes): Promise<void> {
      if (occupationOf(getState()) !== undefined) return;
      setState({
        ...{ run: undefined, exported: idle, merging: noMerging, imported: idle, prediction: idle, writing: idle, profiled: idle },
        bench: { ...noBench, running: true },
      });
      await client.call('bench', { sizes }).then(
        (report) => {
          const of = report.stages.length;
          put({ running: false, event: { type: 'bench', report, now: '', done: of, of } });
        },
        (thrown: unknown) => put({ running: false, ...(reportOf(thrown).code === 'cancelled' ? {} : { error: reportOf(thrown) }) }),
      );
    },
    async stopMeasuring(): Promise<void> {
      await client.call('stop', { keep: 'nothing' }).catch(() => undefined);
    },
  };
}
