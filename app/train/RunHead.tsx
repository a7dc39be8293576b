// Where a run stands and how to steer it: phase, progress, pace, pause, one step, stop.

import { Progress } from 'radix-ui';
import { comparedTimes } from '../../src/protocol/budget.ts';
import type { TaskCard } from '../../src/protocol/cards.ts';
import { countText } from '../../src/protocol/sentences.ts';
import { WARM_UP } from '../state/pace.ts';
import { bestOf, isActive, paceOf, type RunState } from '../state/run.ts';
import { bytes, duration, milliseconds, number, percent } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import { StopDialog } from './StopDialog.tsx';

interface RunHeadProps {
  run: RunState;
  /** They know what metrics are called. */
  tasks: readonly TaskCard[];
  onPause(): void;
  onProceed(steps: 'all' | 'one'): void;
  onStop(keep: 'best' | 'last' | 'nothing'): void;
}

/** What the phase is doing, in a line. */
function phaseLine({ phase, progress, steps }: RunState): string {
  const last = steps.at(-1);
  const shown = phase === 'loading model' || phase === 'reading data' ? bytes : countText;
  const within = progress.done !== undefined && progress.of !== undefined ? ` ${shown(progress.done)} of ${shown(progress.of)}` : '';
  const detail = progress.detail === undefined ? '' : `: ${progress.detail}`;
  if ((phase === 'training' || phase === 'paused') && last !== undefined) return `${phase}, step ${last.step} of ${last.max_steps}`;
  return `${phase}${within}${detail}`;
}

export function RunHead({ run, tasks, onPause, onProceed, onStop }: RunHeadProps) {
  const last = run.steps.at(-1);
  const pace = paceOf(run.steps);
  const active = isActive(run);
  const paused = run.phase === 'paused';
  const share = last === undefined ? 0 : last.step / last.max_steps;
  const worst = last?.reconstruction?.toSorted((a, b) => b.error - a.error)[0];
  return (
    <section className="card run-head" aria-label="Run">
      <div className="run-title">
        <h2>{run.name}</h2>
        <p className="phase-line" data-phase={run.phase}>
          {phaseLine(run)}
        </p>
      </div>
      {active && (
        <div className="run-buttons">
          {paused ? (
            <>
              <button type="button" className="button button-primary" onClick={() => onProceed('all')}>
                <Icon name="play" /> Proceed
              </button>
              <button type="button" className="button" onClick={() => onProceed('one')}>
                <Icon name="step" /> One step
              </button>
            </>
          ) : (
            <button type="button" className="button" onClick={onPause} disabled={run.phase !== 'training' && run.phase !== 'evaluating'}>
              <Icon name="pause" /> Pause
            </button>
          )}
          <StopDialog step={last?.step ?? 0} best={bestOf(run)} tasks={tasks} onStop={onStop} />
        </div>
      )}
      <Progress.Root className="progress" value={Math.round(share * 100)} aria-label="Progress of the run">
        <Progress.Indicator className="progress-bar" style={{ transform: `scaleX(${share})` }} />
      </Progress.Root>
      <dl className="readings">
        <Reading name="Time left" value={pace === undefined || !active ? '–' : duration(pace.leftMs)} />
        <Reading name="Time per step" value={pace === undefined ? '–' : milliseconds(pace.ms)} note={predictionOf(run)} />
        <Reading name="Tokens per second" value={pace === undefined ? '–' : countText(Math.round(pace.tokensPerSecond))} />
        <Reading name="Epoch" value={last === undefined ? '–' : last.epoch.toFixed(2)} />
        <Reading name="Gradient norm" value={last === undefined ? '–' : number(last.grad_norm)} />
        <Reading
          name={run.plan?.streams === 'single' ? 'Largest value' : 'Largest in streams'}
          value={last === undefined ? '–' : number(last.magnitude.value)}
          note={last?.magnitude.at}
        />
        {last?.host !== undefined && (
          <Reading
            name="Rows used"
            value={percent(last.host.rows / last.host.of)}
            note={`of ${countText(last.host.of)}; ${bytes(last.host.to_gpu)} to the GPU, ${bytes(last.host.from_gpu)} back`}
          />
        )}
        {worst !== undefined && <Reading name="Rebuilding error" value={number(worst.error)} note={worst.layer} />}
        <Reading name="Saved" value={run.savedAt === undefined ? 'not yet' : `step ${run.savedAt}`} />
      </dl>
      {run.notes?.map((note) => (
        <p key={note} className="small muted">
          {note}
        </p>
      ))}
    </section>
  );
}

/** What steps were predicted to take, beside what they took: once there are steps that neither compile nor fill caches. */
function predictionOf({ steps }: RunState): string | undefined {
  const timed = steps.slice(WARM_UP).flatMap(({ ms, predicted_ms }) => (predicted_ms === undefined ? [] : [{ ms, predicted_ms }]));
  if (timed.length === 0) return undefined;
  const { measured, predicted } = comparedTimes(timed.slice(-20));
  return `${milliseconds(predicted)} predicted (${predicted < measured ? '−' : '+'}${percent(Math.abs(predicted / measured - 1))})`;
}

function Reading({ name, value, note }: { name: string; value: string; note?: string | undefined }) {
  return (
    <div className="reading">
      <dt>{name}</dt>
      <dd>
        {value}
        {note !== undefined && <span className="small muted">{note}</span>}
      </dd>
    </div>
  );
}
