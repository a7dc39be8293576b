// A run while it lives.

import { SavedRunsPanel } from '../choose/SavedRuns.tsx';
import { useActions, useApp } from '../state/context.ts';
import { bestOf, isActive } from '../state/run.ts';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { metricText, metricTitle } from '../ui/metrics.ts';
import { Unfold } from '../ui/Unfold.tsx';
import { Announcer } from './Announcer.tsx';
import { Curves } from './Curves.tsx';
import { MemoryAccount } from './MemoryAccount.tsx';
import { ProfilePanel } from './ProfilePanel.tsx';
import { Reconstruction } from './Reconstruction.tsx';
import { RunHead } from './RunHead.tsx';

const noTasks = [] as const;

export function TrainScreen({ theme }: { theme: string }) {
  const run = useApp((state) => state.run);
  const tasks = useApp((state) => state.catalogue.value?.tasks ?? noTasks);
  const profiled = useApp((state) => state.profiled);
  const { pause, proceed, stop, show, profileStep } = useActions();
  if (run === undefined) {
    return (
      <div className="train">
        <SavedRunsPanel />
        <div className="card empty">
          <h2>No run yet</h2>
          <p className="muted">Its curves, its pace and its memory will be here.</p>
          <button type="button" className="button button-primary" onClick={() => show('choose')}>
            Choose what to train
          </button>
        </div>
      </div>
    );
  }
  const best = bestOf(run);
  return (
    <div className="train">
      <RunHead
        run={run}
        tasks={tasks}
        onPause={() => void pause()}
        onProceed={(steps) => void proceed(steps)}
        onStop={(keep) => void stop(keep)}
      />
      {run.error !== undefined && <ErrorNote error={run.error} />}
      {run.finished !== undefined && (
        <div className="note note-good" role="status">
          <div>
            <p className="note-title">
              {run.finished.reason === 'completed' ? 'Finished' : run.finished.reason === 'stopped' ? 'Stopped' : 'Stopped early'} at step{' '}
              {run.finished.step}
              {best !== undefined &&
                run.finished.best !== undefined &&
                `; best at step ${run.finished.best.step}: ${metricTitle(run.finished.best.metric, tasks)} ${metricText(run.finished.best.metric, run.finished.best.value)}`}
              .
            </p>
          </div>
          <button type="button" className="button button-primary" onClick={() => show('results')}>
            See results and try it
          </button>
        </div>
      )}
      <div className="train-columns">
        <div className="card train-curves">
          <Curves run={run} tasks={tasks} theme={theme} />
          <Reconstruction steps={run.steps} />
        </div>
        <section className="card" aria-label="Memory">
          <h2>Memory: predicted and counted</h2>
          <MemoryAccount plan={run.plan} memory={run.memory} />
        </section>
      </div>
      <section className="card" aria-label="Advanced">
        <Unfold title="Advanced">
          <ProfilePanel
            profile={run.profile}
            profiled={profiled}
            active={isActive(run) && (run.phase === 'training' || run.phase === 'paused')}
            onProfile={() => void profileStep()}
          />
        </Unfold>
      </section>
      <Announcer run={run} />
    </div>
  );
}
