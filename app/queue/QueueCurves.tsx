// The curves of a queue over one another, and the memory of its runs beside one another.

import { useMemo } from 'react';
import { categories } from '../../src/protocol/config.ts';
import { MemoryBars } from '../memory/MemoryBars.tsx';
import { useApp } from '../state/context.ts';
import { type RunState, smoothed } from '../state/run.ts';
import { Figure, Numbers } from '../ui/Figure.tsx';
import { bytes, number } from '../ui/format.ts';
import { Chart, type Curve } from '../ui/LineChart.tsx';
import { isScore, metricTitle } from '../ui/metrics.ts';
import { colourOf } from './colours.ts';
import { overlaid, scoreNameOf } from './overlay.ts';

interface QueueCurvesProps {
  runs: readonly { readonly key: string; readonly title: string; readonly run: RunState }[];
  theme: string;
}

export function QueueCurves({ runs, theme }: QueueCurvesProps) {
  const catalogue = useApp((state) => state.catalogue.value);
  const items = useApp((state) => state.queue.items);
  const place = (key: string) => items.findIndex((item) => item.key === key);
  const loss = useMemo(
    () =>
      overlaid(
        runs.map(({ run }) => {
          const mean = smoothed(run.steps.map((step) => step.loss));
          return run.steps.map(({ step }, i) => ({ step, value: mean[i] ?? 0 }));
        }),
      ),
    [runs],
  );
  const score = scoreNameOf(runs.map(({ run }) => run));
  const scoreTitle = metricTitle(score, catalogue?.tasks ?? []);
  const scores = useMemo(
    () =>
      overlaid(
        runs.map(({ run }) =>
          run.evaluations.flatMap(({ step, metrics }) => (metrics[score] === undefined ? [] : [{ step, value: metrics[score] }])),
        ),
      ),
    [runs, score],
  );
  const plans = runs.flatMap(({ run }) => (run.plan === undefined ? [] : [run.plan]));
  const curves = (values: readonly (readonly (number | null)[])[], look: Curve['look']): Curve[] =>
    runs.map(({ key, title }, i) => ({ name: title, look, values: values[i] ?? [], ...colourOf(place(key)) }));
  const names = runs.map(({ title }) => title);
  return (
    <>
      <div className="two">
        <Figure
          title="Training loss, smoothed"
          picture={<Overlay label="Training losses of the queue" data={loss} curves={curves(loss.values, 'line')} theme={theme} />}
          table={() => <OverlayTable caption="Training loss by step" names={names} data={loss} />}
        />
        <Figure
          title={`Evaluation: ${scoreTitle}`}
          picture={
            <Overlay
              label={`${scoreTitle} of the queue's runs`}
              data={scores}
              curves={curves(scores.values, 'points')}
              theme={theme}
              scores={isScore(score)}
            />
          }
          table={() => <OverlayTable caption={`${scoreTitle} by step`} names={names} data={scores} />}
        />
      </div>
      {plans.length > 0 && (
        <Figure
          title="Memory of the runs"
          picture={<MemoryBars plans={plans} catalogue={catalogue} shown={categories} chosen={false} />}
          table={() => (
            <Numbers
              caption="Bytes of the runs by category"
              head={['Category', ...names]}
              rows={categories.map((category) => [category, ...plans.map((plan) => bytes(plan.bytes[category]))])}
            />
          )}
        />
      )}
    </>
  );
}

type Overlaid = ReturnType<typeof overlaid>;

interface OverlayProps {
  label: string;
  data: Overlaid;
  curves: readonly Curve[];
  theme: string;
  scores?: boolean;
}

const Overlay = ({ label, data, ...look }: OverlayProps) => (
  <Chart label={`${label}; see the table for numbers.`} steps={data.steps} height={240} group="queue" {...look} />
);

/** Rows that a reader can still walk through: the newest. */
const TABLE_ROWS = 200;

function OverlayTable({ caption, names, data }: { caption: string; names: readonly string[]; data: Overlaid }) {
  return (
    <Numbers
      caption={caption}
      head={['Step', ...names]}
      rows={data.steps
        .map((step, i) => [step, ...data.values.map((of) => (of[i] === null || of[i] === undefined ? '' : number(of[i])))])
        .slice(-TABLE_ROWS)
        .toReversed()}
    />
  );
}
