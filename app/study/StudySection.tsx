// The study of starting points: how far from the pretrained behaviour each method begins when one of its numbers is moved, and what that costs.

import { useMemo, useState } from 'react';
import { plural } from '../../src/protocol/sentences.ts';
import type { StudySeries } from '../../src/protocol/study.ts';
import { panelsOf, valueText } from '../../src/protocol/study_panels.ts';
import { useActions, useApp } from '../state/context.ts';
import { obstacleOf } from '../state/occupied.ts';
import { STUDY_STEPS } from '../state/studying.ts';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { Figure, Numbers } from '../ui/Figure.tsx';
import { number } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import { metricText } from '../ui/metrics.ts';
import { NumberField } from '../ui/NumberField.tsx';
import { PanelPicture } from './PanelPicture.tsx';

export function StudySection() {
  const { running, done, of, steps: asked, series, report, error } = useApp((state) => state.study);
  const obstacle = useApp(obstacleOf);
  const { beginStudy, stopStudy } = useActions();
  const [steps, setSteps] = useState(asked ?? STUDY_STEPS);
  const panels = useMemo(() => panelsOf(series), [series]);
  const points = series.flatMap((each) => each.points);
  const scored = points.some(({ score }) => score !== undefined);
  const metric = report?.metric ?? points.find(({ score }) => score !== undefined)?.score?.metric ?? 'score';
  return (
    <section className="card compare-card" aria-label="Study of starting points">
      <header className="section-head">
        <h2>Why the start matters</h2>
        {running ? (
          <span className="compare-progress" role="status">
            {of === 0 ? 'Measuring the pretrained model …' : `${done} of ${of} starts`}
            <button type="button" className="quiet" onClick={stopStudy}>
              <Icon name="stop" /> Stop
            </button>
          </span>
        ) : (
          report !== undefined && (
            <span className="compare-progress muted">
              {report.complete ? plural(points.length, 'start') : `stopped after ${plural(points.length, 'start')}`}
            </span>
          )
        )}
      </header>
      <p className="muted small">
        Before its first step MEFT gives the same answers as the pretrained model. This study shows what happens when a method starts
        further away: LoRA and (IA)³ are moved by a constant c, the MEFT methods by λ and β and by w, the weight of the second stream at the
        end. The first picture shows how far the outputs are from the pretrained ones before any step: the logits, or of a task that writes
        how likely each word is. The second shows the score after a few steps. A ring marks the method's own start.
      </p>
      {error !== undefined && <ErrorNote error={error} />}
      {!running && (
        <div className="study-begin">
          <NumberField
            label="Steps of each start"
            help="0 measures the distance alone, which takes seconds on a GPU."
            value={steps}
            standard={STUDY_STEPS}
            min={0}
            max={1000}
            whole
            onChange={setSteps}
          />
          <button type="button" className="button" disabled={obstacle !== undefined} onClick={() => beginStudy(steps)}>
            <Icon name="play" /> {report === undefined ? 'Measure the starts' : 'Measure again'}
          </button>
          {obstacle !== undefined && <p className="small muted">{obstacle}</p>}
        </div>
      )}
      {panels.length > 0 && (
        <>
          <Figure
            title="Distance from the pretrained outputs before the first step, relative"
            picture={<PanelPicture panels={panels} scale="log" text={number} of={({ distance }) => distance?.relative} />}
            table={() => <PointTable series={series} metric={metric} />}
          />
          {scored && (
            <Figure
              title={`${metric} after ${plural(report?.max_steps ?? asked ?? steps, 'step')}`}
              picture={
                <PanelPicture panels={panels} scale="linear" text={(value) => metricText(metric, value)} of={({ score }) => score?.value} />
              }
              table={() => <PointTable series={series} metric={metric} />}
            />
          )}
        </>
      )}
    </section>
  );
}

function PointTable({ series, metric }: { series: readonly StudySeries[]; metric: string }) {
  return (
    <Numbers
      caption="Starting points"
      head={['Start', 'Own start', 'Distance', 'Largest difference', metric, 'Loss']}
      rows={series.flatMap(({ title, over, points }) =>
        points.map(({ value, own_start, distance, score, error }) => [
          `${title}, ${over} = ${valueText(value)}`,
          own_start ? 'yes' : '',
          distance === undefined ? (error?.code ?? '') : number(distance.relative),
          distance === undefined ? '' : number(distance.largest),
          score === undefined ? (error?.code ?? '') : metricText(metric, score.value),
          score === undefined ? '' : number(score.loss),
        ]),
      )}
    />
  );
}
