// The curves of a run: loss, evaluation, learning rate, gradient norm.

import { useMemo } from 'react';
import type { TaskCard } from '../../src/protocol/cards.ts';
import { type RunState, smoothed } from '../state/run.ts';
import { Figure, Numbers } from '../ui/Figure.tsx';
import { number } from '../ui/format.ts';
import { Chart } from '../ui/LineChart.tsx';
import { drawnMetrics, isScore, metricOrder, metricText, metricTitle } from '../ui/metrics.ts';

interface CurvesProps {
  run: Pick<RunState, 'steps' | 'evaluations'>;
  /** They know what metrics are called. */
  tasks: readonly TaskCard[];
  theme: string;
}

const metricColours = ['--category-activation', '--category-gradient', '--category-optimizer', '--category-adapter'] as const;

/** Rows of a table that a reader can still walk through; the newest are shown. */
const TABLE_ROWS = 200;

export function Curves({ run: { steps, evaluations }, tasks, theme }: CurvesProps) {
  const at = useMemo(() => steps.map(({ step }) => step), [steps]);
  const loss = useMemo(() => steps.map((step) => step.loss), [steps]);
  const mean = useMemo(() => smoothed(loss), [loss]);
  const lastLoss = mean.at(-1);
  const newest = steps.slice(-TABLE_ROWS).toReversed();
  const meanOf = new Map(at.map((step, i) => [step, mean[i] ?? 0]));
  return (
    <>
      <Figure
        title="Training loss"
        note={lastLoss === undefined ? 'No step yet' : `${number(lastLoss)} smoothed, ${number(loss.at(-1) ?? 0)} at the last step`}
        picture={
          <Chart
            label={`Training loss over ${at.length} steps; see the table for numbers.`}
            steps={at}
            curves={[
              { name: 'Loss', colour: '--accent', look: 'faint', values: loss },
              { name: 'Smoothed', colour: '--accent', look: 'line', values: mean },
            ]}
            height={230}
            theme={theme}
          />
        }
        table={() => (
          <Numbers
            caption="Training loss by step, newest first"
            head={['Step', 'Loss', 'Smoothed', 'Learning rate', 'Gradient norm']}
            rows={newest.map((step) => [
              step.step,
              number(step.loss),
              number(meanOf.get(step.step) ?? 0),
              number(step.learning_rate),
              number(step.grad_norm),
            ])}
          />
        )}
      />
      <div className="two">
        <EvaluationFigure evaluations={evaluations} tasks={tasks} theme={theme} />
        <Figure
          title="Learning rate"
          note={steps.length === 0 ? 'No step yet' : `${number(steps.at(-1)?.learning_rate ?? 0)} now`}
          picture={
            <Chart
              label="Learning rate by step; see the table for numbers."
              steps={at}
              curves={[
                { name: 'Learning rate', colour: '--category-optimizer', look: 'line', values: steps.map((step) => step.learning_rate) },
              ]}
              height={170}
              theme={theme}
            />
          }
          table={() => (
            <Numbers
              caption="Learning rate by step, newest first"
              head={['Step', 'Learning rate']}
              rows={newest.map((step) => [step.step, number(step.learning_rate)])}
            />
          )}
        />
      </div>
    </>
  );
}

interface EvaluationFigureProps extends Pick<CurvesProps, 'tasks' | 'theme'> {
  evaluations: RunState['evaluations'];
}

function EvaluationFigure({ evaluations, tasks, theme }: EvaluationFigureProps) {
  const names = Object.keys(evaluations[0]?.metrics ?? {}).sort((a, b) => metricOrder(a) - metricOrder(b));
  const drawn = drawnMetrics(evaluations[0]?.metrics ?? {});
  const titleOf = (name: string) => metricTitle(name, tasks);
  const best = evaluations.findLast((evaluation) => evaluation.best);
  return (
    <Figure
      title="Evaluation"
      note={
        best === undefined
          ? 'Not evaluated yet'
          : `Best at step ${best.step}: ${drawn.map((name) => `${titleOf(name)} ${metricText(name, best.metrics[name] ?? 0)}`).join(', ')}`
      }
      picture={
        <Chart
          label={`Evaluation at ${evaluations.length} points; see the table for numbers.`}
          steps={evaluations.map(({ step }) => step)}
          curves={drawn.map((name, i) => ({
            name: titleOf(name),
            colour: metricColours[i % metricColours.length] ?? '--accent',
            look: 'points',
            values: evaluations.map(({ metrics }) => metrics[name] ?? null),
          }))}
          height={170}
          theme={theme}
          scores={drawn.every(isScore)}
        />
      }
      table={() => (
        <Numbers
          caption="Evaluations by step"
          head={['Step', ...names.map(titleOf), 'Best']}
          rows={evaluations.map(({ step, metrics, best: isBest }) => [
            step,
            ...names.map((name) => number(metrics[name] ?? 0)),
            isBest ? 'yes' : '',
          ])}
        />
      )}
    />
  );
}
