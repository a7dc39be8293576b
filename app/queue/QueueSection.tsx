// The queue: what is picked, what runs, what has run; curves over one another, memory beside one another, every run to be opened and exported.

import { useMemo } from 'react';
import { defaultTraining } from '../../src/protocol/config.ts';
import { plural } from '../../src/protocol/sentences.ts';
import { trainingEntries } from '../options/entries.ts';
import { OptionGroup } from '../options/OptionGroup.tsx';
import { type Cell, keyOf } from '../state/cells.ts';
import { useActions, useApp } from '../state/context.ts';
import { obstacleOf, occupationOf } from '../state/occupied.ts';
import { nextOf, runsOf } from '../state/queue.ts';
import { duration } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import { QueueCurves } from './QueueCurves.tsx';
import { QueueList } from './QueueList.tsx';

interface QueueSectionProps {
  picked: readonly Cell[];
  predicted(key: string): number | undefined;
  onDrop(key: string): void;
  theme: string;
}

export function QueueSection({ picked, predicted, onDrop, theme }: QueueSectionProps) {
  const { items, going, halting, elsewhere } = useApp((state) => state.queue);
  const run = useApp((state) => state.run);
  const { goOn, halt, clearQueue } = useActions();
  const runs = useMemo(() => runsOf(items, run), [items, run]);
  const obstacle = useApp(obstacleOf);
  const busy = useApp((state) => occupationOf(state) !== undefined || state.environment.value?.available !== true);
  return (
    <section className="card compare-card" aria-label="Queue">
      <header className="section-head">
        <h2>Train them alike</h2>
        {items.length > 0 && (
          <div className="run-buttons">
            {going ? (
              <button type="button" className="button" onClick={halt} disabled={halting}>
                <Icon name="stop" /> {halting ? 'Stopping after this run' : 'Stop after this run'}
              </button>
            ) : (
              <>
                {nextOf(items) !== undefined && (
                  <button type="button" className="button button-primary" onClick={goOn} disabled={busy}>
                    <Icon name="play" /> Go on with the queue
                  </button>
                )}
                <button type="button" className="quiet" onClick={clearQueue}>
                  Clear
                </button>
              </>
            )}
          </div>
        )}
      </header>
      <p className="muted small">
        Same model, same data, same seed, same steps, one after the other; each method with its own defaults and learning rate. The tab may
        be closed: the queue goes on where it was.
      </p>
      {elsewhere === true && (
        <p className="wrong" role="alert">
          Another tab runs the queue: go on there, or close that tab first.
        </p>
      )}
      {!going && <Picker picked={picked} predicted={predicted} onDrop={onDrop} obstacle={obstacle} />}
      {items.length > 0 && <QueueList items={items} current={run} />}
      {runs.length > 0 && <QueueCurves runs={runs} theme={theme} />}
    </section>
  );
}

function Picker({ picked, predicted, onDrop, obstacle }: Omit<QueueSectionProps, 'theme'> & { obstacle: string | undefined }) {
  const settings = useApp((state) => state.settings);
  const { queue, setTraining } = useActions();
  const steps = settings.training.max_steps ?? defaultTraining.max_steps;
  const times = picked.map((cell) => predicted(keyOf(cell)));
  const total = times.includes(undefined) || steps < 0 ? undefined : times.reduce<number>((sum, ms) => sum + (ms ?? 0), 0) * steps;
  const numbers = trainingEntries(settings, undefined).filter(({ name }) => ['max_steps', 'seed', 'eval_steps'].includes(name));
  return (
    <>
      {picked.length === 0 ? (
        <p>Tick methods in the table above, two or more.</p>
      ) : (
        <ul className="chips" aria-label="Picked">
          {picked.map((cell) => (
            <li key={keyOf(cell)}>
              {cell.title}
              <button type="button" className="info" aria-label={`Drop ${cell.title}`} onClick={() => onDrop(keyOf(cell))}>
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
      {picked.length > 0 && (
        <>
          <OptionGroup entries={numbers} onChange={(name, value) => setTraining({ [name]: value })} />
          <div className="row">
            <button
              type="button"
              className="button button-primary"
              disabled={obstacle !== undefined}
              onClick={() => queue(picked.map(({ method, policy }) => ({ method, policy })))}
            >
              <Icon name="play" /> Train {plural(picked.length, 'method')}
            </button>
            <span className="small muted">
              {obstacle ?? `on ${settings.data.name}${total === undefined ? '' : `, about ${duration(total)} of training`}`}
            </span>
          </div>
        </>
      )}
    </>
  );
}
