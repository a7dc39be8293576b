// Plans every cell of the comparison, one after the other, so that other questions to the worker find their turn in between. Invariant: what was
// begun for other settings, or was cancelled, never writes into the store.

import type { StoreApi } from 'zustand/vanilla';
import { reportOf } from '../../src/protocol/errors.ts';
import type { PlanReport, PlanRequest } from '../../src/protocol/messages.ts';
import type { AppState } from './app_state.ts';
import { cellsOf, keyOf, type Outcome, signatureOf } from './cells.ts';

/** Cells are drawn in batches: some are answered at once from what was planned before. */
const REDRAW_MS = 120;

export function comparingOf(plan: (request: PlanRequest) => Promise<PlanReport>, { getState, setState }: StoreApi<AppState>) {
  let turn = 0;
  return {
    /** Plans all cells for the current settings; does nothing where they are planned or being planned. */
    async begin(): Promise<void> {
      const { settings, catalogue, report, comparison } = getState();
      if (catalogue.value === undefined) return;
      const cells = cellsOf(settings, catalogue.value, report.value);
      const signature = signatureOf(cells);
      if (comparison.signature === signature && (comparison.running || comparison.done === comparison.of)) return;
      const mine = ++turn;
      const outcomes: Record<string, Outcome> = {};
      let done = 0;
      let drawnAt = performance.now();
      const draw = () =>
        setState({ comparison: { signature, outcomes: { ...outcomes }, running: done < cells.length, done, of: cells.length } });
      draw();
      for (const cell of cells) {
        const outcome = await plan(cell.request).then(
          (value): Outcome => ({ plan: value }),
          (thrown: unknown): Outcome => ({ error: reportOf(thrown) }),
        );
        if (mine !== turn) return;
        outcomes[keyOf(cell)] = outcome;
        done++;
        if (done < cells.length && performance.now() - drawnAt < REDRAW_MS) continue;
        drawnAt = performance.now();
        draw();
      }
    },
    cancel(): void {
      turn++;
      setState({ comparison: { ...getState().comparison, running: false } });
    },
  };
}
