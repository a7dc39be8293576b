// The runs of the queue in a line each: where it stands, what it scored, how long a step took, and the way to its results.

import { useActions, useApp } from '../state/context.ts';
import { occupationOf } from '../state/occupied.ts';
import { stepMs } from '../state/pace.ts';
import type { QueueItem } from '../state/queue.ts';
import type { RunState } from '../state/run.ts';
import { milliseconds, number } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import { metricText } from '../ui/metrics.ts';
import { colourOf } from './colours.ts';

const statusTexts: Readonly<Record<QueueItem['status'], string>> = {
  waiting: 'waits',
  running: 'runs',
  interrupted: 'was interrupted',
  finished: 'finished',
  stopped: 'stopped',
  failed: 'failed',
};

export function QueueList({ items, current }: { items: readonly QueueItem[]; current: RunState | undefined }) {
  const { show, openResults } = useActions();
  const busy = useApp((state) => occupationOf(state) !== undefined);
  return (
    <ol className="queue" aria-label="Runs of the queue">
      {items.map((item, i) => {
        const run = item.status === 'running' ? current : item.run;
        const last = run?.steps.at(-1);
        const best = run?.finished?.best;
        const ms = run === undefined ? undefined : stepMs(run);
        return (
          <li key={item.key} data-status={item.status}>
            <span className="queue-line" style={{ borderTopColor: `var(${colourOf(i).colour})` }} data-dashed={colourOf(i).dashed} />
            <span className="queue-title">{item.title}</span>
            <span className="queue-state muted">
              {statusTexts[item.status]}
              {last !== undefined && `, step ${last.step} of ${last.max_steps}`}
              {item.status === 'running' && run !== undefined && last === undefined && `: ${run.phase}`}
            </span>
            <span className="queue-number">{ms === undefined ? '' : milliseconds(ms)}</span>
            <span className="queue-number">{best === undefined ? '' : `${best.metric} ${metricText(best.metric, best.value)}`}</span>
            <span className="queue-buttons">
              {item.status === 'running' && (
                <button type="button" className="quiet" onClick={() => show('train')} aria-label={`Watch ${item.title}`}>
                  Watch
                </button>
              )}
              {item.id !== undefined && (item.status === 'finished' || item.status === 'stopped') && (
                <button
                  type="button"
                  className="quiet"
                  disabled={busy}
                  onClick={() => void openResults(item.id ?? '', item.title)}
                  aria-label={`Results, export of ${item.title}`}
                >
                  <Icon name="download" /> Results, export
                </button>
              )}
            </span>
            {item.error !== undefined && <span className="queue-error wrong small">{item.error.message}</span>}
            {run !== undefined && last !== undefined && item.status === 'running' && (
              <span className="hidden">loss {number(last.loss)}</span>
            )}
          </li>
        );
      })}
    </ol>
  );
}
