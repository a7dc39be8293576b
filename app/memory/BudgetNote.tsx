// What a memory budget has chosen, what half and twice as much would give, and what each granularity takes: in words and numbers. Not here: the choice itself
// (src/train/budget.ts).

import { type BudgetPlan, type BudgetReport, choiceText, timeText } from '../../src/protocol/budget.ts';
import type { PlanReport } from '../../src/protocol/messages.ts';
import { countText } from '../../src/protocol/sentences.ts';
import { Numbers } from '../ui/Figure.tsx';
import { bytes } from '../ui/format.ts';

/** Of the time that is predicted, whose rates say so. */
const ratesTexts = {
  device: 'by rates that were measured on this device',
  'typical processor': 'by the rates of a typical processor, for this device was not measured',
} as const;

const planText = (plan: BudgetPlan | undefined, batch: number): string =>
  plan === undefined ? 'nothing fits' : `${choiceText(plan, batch)}: ${bytes(plan.total)}, ${timeText(plan.ms)} a step`;

function Chosen({ report: { budget, chosen, half, twice, fastest, plans }, batch }: { report: BudgetReport; batch: number }) {
  return (
    <>
      <p className="small" data-budget="chosen">
        Within {bytes(budget)}: <strong>{planText(chosen, batch)}</strong>, the fastest that fits of {plans} plans.
        {fastest.total > budget && <> The fastest of all is {planText(fastest, batch)}.</>}
      </p>
      <p className="small muted" data-budget="neighbours">
        Half of it, {bytes(budget / 2)}: {planText(half, batch)}. Twice as much, {bytes(2 * budget)}: {planText(twice, batch)}.
      </p>
    </>
  );
}

export function BudgetNote({ plan }: { plan: PlanReport }) {
  const { budget, predicted, granularities } = plan;
  return (
    <>
      {budget !== undefined && <Chosen report={budget} batch={plan.batch} />}
      {predicted !== undefined && (
        <p className="small">
          A step is predicted to take <strong>{timeText(predicted.ms)}</strong>, {ratesTexts[predicted.rates]}.
        </p>
      )}
      {granularities !== undefined && (
        <details className="small">
          <summary>What each granularity takes</summary>
          <Numbers
            caption="Dispatches, bytes and predicted time of a step by granularity"
            head={['Granularity', 'Dispatches', 'Activations and workspace', ...(predicted === undefined ? [] : ['Predicted'])]}
            rows={granularities.map(({ granularity, dispatches, activation_and_workspace, predicted_ms }) => [
              granularity === plan.granularity ? `${granularity} (this plan)` : granularity,
              countText(dispatches),
              bytes(activation_and_workspace),
              ...(predicted_ms === undefined ? [] : [timeText(predicted_ms)]),
            ])}
          />
        </details>
      )}
    </>
  );
}
