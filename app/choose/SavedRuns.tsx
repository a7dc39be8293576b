// Runs of earlier visits: go on with one, or forget it.

import type { SavedRun } from '../../src/protocol/messages.ts';
import { percent } from '../format.ts';
import { useActions, useApp } from '../state/context.ts';
import { busyText } from '../state/occupied.ts';
import { Icon } from '../ui/icons.tsx';

/** The saved runs of the store, where there are any. */
export function SavedRunsPanel() {
  const runs = useApp((state) => state.savedRuns);
  const busy = useApp(busyText);
  const { resume, forget } = useActions();
  if (runs.length === 0) return null;
  return <SavedRuns runs={runs} busy={busy} onResume={({ id, name }) => void resume(id, name)} onDelete={({ id }) => void forget(id)} />;
}

interface SavedRunsProps {
  runs: readonly SavedRun[];
  /** Why none can be opened now. */
  busy: string | undefined;
  onResume(run: SavedRun): void;
  onDelete(run: SavedRun): void;
}

const when = (saved_at: string) => new Date(saved_at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

function SavedRuns({ runs, busy, onResume, onDelete }: SavedRunsProps) {
  const disabled = busy !== undefined;
  return (
    <section className="card saved" aria-label="Saved runs">
      <h2>Saved runs</h2>
      {busy !== undefined && <p className="small muted">{busy}</p>}
      <ul>
        {runs.map((run) => (
          <li key={run.id}>
            <div>
              <p>
                <strong>{run.name}</strong> <span className="muted">{`${run.method}, ${run.policy}`}</span>
              </p>
              <p className="small muted">
                {run.finished ? 'finished' : 'interrupted'} at step {run.step} of {run.max_steps}, {when(run.saved_at)}
                {run.best !== undefined && `, best ${run.best.metric} ${percent(run.best.value, 1)} at step ${run.best.step}`}
              </p>
            </div>
            <div className="saved-buttons">
              <button
                type="button"
                className="button"
                disabled={disabled}
                onClick={() => onResume(run)}
                aria-label={`${run.finished ? 'Open' : 'Resume'} ${run.name}`}
              >
                <Icon name="play" /> {run.finished ? 'Open' : 'Resume'}
              </button>
              <button type="button" className="quiet" disabled={disabled} onClick={() => onDelete(run)} aria-label={`Delete ${run.name}`}>
                Delete
              </button>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
