// What fetching the chosen model moves, before it does; the fetch itself with pause, going on and forgetting; and what went wrong with what to do.

import { Progress } from 'radix-ui';
import type { FetchPlan, FetchProgress } from '../../src/protocol/hub.ts';
import { plural } from '../../src/protocol/sentences.ts';
import { useActions, useApp } from '../state/context.ts';
import { type FetchState, isWholePlan } from '../state/hub/hub_state.ts';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { Facts } from '../ui/Facts.tsx';
import { Numbers } from '../ui/Figure.tsx';
import { bytes, duration } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import { Unfold } from '../ui/Unfold.tsx';

export function FetchPanel({ plan }: { plan: FetchPlan }) {
  const fetch = useApp((state) => state.hub.fetch);
  const place = useApp((state) => state.hub.kept.value?.place ?? 'this browser');
  const whole = isWholePlan(plan);
  return (
    <div className="hub-fetch">
      <PlanFacts plan={plan} place={place} came={'progress' in fetch ? (fetch.progress?.done ?? 0) : 0} />
      {whole ? (
        <p className="verdict verdict-good" role="status">
          <Icon name="check" /> Kept whole in {place}: it trains without a connection.
        </p>
      ) : (
        <FetchControls plan={plan} fetch={fetch} />
      )}
      <Unfold title={plural(plan.files.length, 'file')}>
        <Numbers
          caption="Files that a run needs"
          head={['File', 'Size', 'Kept']}
          rows={plan.files.map((file) => [file.path, bytes(file.bytes), bytes(file.kept)])}
        />
      </Unfold>
    </div>
  );
}

/** `came`: bytes that are here of a fetch under way or paused. */
function PlanFacts({ plan, place, came }: { plan: FetchPlan; place: string; came: number }) {
  const facts: (readonly [string, string])[] = [
    ['To fetch', `${bytes(Math.max(0, plan.bytes - Math.max(plan.kept, came)))} of ${bytes(plan.bytes)}`],
    ['Kept in', place],
    ...(plan.free === undefined ? [] : [['Free there', `about ${bytes(plan.free)}`] as const]),
    ['Licence', plan.licence ?? 'not said'],
    ['Revision', plan.revision === plan.commit ? plan.commit.slice(0, 7) : `${plan.revision}, now ${plan.commit.slice(0, 7)}`],
  ];
  return <Facts facts={facts} />;
}

function FetchControls({ plan, fetch }: { plan: FetchPlan; fetch: FetchState }) {
  const { fetchModel, pauseFetch, forgetFetch } = useActions();
  const rest = bytes(plan.bytes - plan.kept);
  if (fetch.at === 'going') {
    return (
      <>
        <FetchLine progress={fetch.progress} plan={plan} />
        <div className="row">
          <button type="button" className="button" onClick={pauseFetch}>
            <Icon name="pause" /> Pause
          </button>
          <button type="button" className="quiet" onClick={forgetFetch}>
            Cancel and delete what came
          </button>
        </div>
      </>
    );
  }
  const begun = fetch.at === 'paused' || fetch.at === 'failed' || plan.kept > 0;
  return (
    <>
      {fetch.at === 'failed' && <ErrorNote error={fetch.error} />}
      {fetch.at === 'paused' && fetch.progress !== undefined && (
        <p className="small" role="status">
          Paused at {bytes(fetch.progress.done)} of {bytes(fetch.progress.of)}. What came is kept.
        </p>
      )}
      <div className="row">
        <button type="button" className="button button-primary" onClick={() => void fetchModel()}>
          <Icon name="download" /> {begun ? 'Go on fetching' : `Fetch ${rest}`}
        </button>
        {begun && (
          <button type="button" className="quiet" onClick={forgetFetch}>
            Delete what came
          </button>
        )}
        <span className="small muted">Train fetches it first.</span>
      </div>
    </>
  );
}

const stateTexts: Readonly<Record<FetchProgress['state'], string>> = {
  fetching: '',
  checking: 'checking what came against its checksum',
  waiting: 'waiting',
  fetched: 'fetched',
  paused: 'paused',
};

function FetchLine({ progress, plan }: { progress: FetchProgress | undefined; plan: FetchPlan }) {
  const { done, of } = progress ?? { done: plan.kept, of: plan.bytes };
  const share = of === 0 ? 0 : done / of;
  const parts = [
    `${bytes(done)} of ${bytes(of)}`,
    progress?.rate === undefined ? undefined : `${bytes(progress.rate)} a second`,
    progress?.ms_left === undefined ? undefined : `${duration(progress.ms_left)} left`,
    progress === undefined ? 'asking for it' : stateTexts[progress.state],
  ].filter((part) => part !== undefined && part !== '');
  return (
    <>
      <p className="small">{parts.join(', ')}</p>
      <Progress.Root className="progress" value={Math.round(share * 100)} aria-label={`Fetching ${plan.id}`}>
        <Progress.Indicator className="progress-bar" style={{ transform: `scaleX(${share})` }} />
      </Progress.Root>
      {progress?.waiting !== undefined && (
        <p className="small muted" role="status">
          {progress.waiting.why.message}
          {progress.waiting.ms !== undefined && ` Tried again in ${duration(progress.waiting.ms)}.`}
        </p>
      )}
    </>
  );
}
