// Runs of earlier visits: go on with one, or forget it.

import type { SavedRun } from '../../src/protocol/messages.ts';
import { useActions, useApp } from '../state/context.ts';
import { keptOf } from '../state/hub/hub_state.ts';
import { busyText } from '../state/occupied.ts';
import { Icon } from '../ui/icons.tsx';
import { metricText } from '../ui/metrics.ts';

/** The saved runs of the store, where there are any. */
export function SavedRunsPanel() {
  const runs = useApp((state) => state.savedRuns);
  const busy = useApp(busyText);
  const kept = useApp((state) => state.hub.kept.value);
  const { resume, forget } = useActions();
  if (runs.length === 0) return null;
  /** The model of a run that is not kept here any more, by name. */
  const missing = ({ hub_model }: SavedRun) =>
    hub_model === undefined ||
    kept === undefined ||
    keptOf({ kind: 'hub', ...hub_model }, kept)?.whole === true ||
    kept.repos.some(({ whole, weights }) => whole && weights !== undefined && weights === hub_model.sha256)
      ? undefined
      : hub_model.name;
  return (
    <SavedRuns
      runs={runs}
      busy={busy}
      missing={missing}
      onResume={({ id, name }) => void resume(id, name)}
      onDelete={({ id }) => void forget(id)}
    />
  );
}

interface SavedRunsProps {
  runs: readonly SavedRun[];
  /** Why none can be opened now. */
  busy: string | undefined;
  missing(run: SavedRun): string | undefined;
  onResume(run: SavedRun): void;
  onDelete(run: SavedRun): void;
}

const when = (saved_at: string) => new Date(saved_at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

function SavedRuns({ runs, busy, missing, onResume, onDelete }: SavedRunsProps) {
  const disabled = busy !== undefined;
  const action = (run: SavedRun) => {
    const [name, does] = [missing(run), run.finished ? 'Open' : 'Resume'];
    return name === undefined ? does : `Fetch ${name} and ${does.toLowerCase()}`;
  };
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
                {missing(run) !== undefined && ', its model is not kept on this device any more'}
                {run.best !== undefined &&
                  `, best ${run.best.metric} ${metricText(run.best.metric, run.best.value)} at step ${run.best.step}`}
              </p>
            </div>
            <div className="saved-buttons">
              <button
                type="button"
                className="button"
                disabled={disabled}
                onClick={() => onResume(run)}
                aria-label={`${action(run)} ${run.name}`}
              >
                <Icon name="play" /> {action(run)}
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
