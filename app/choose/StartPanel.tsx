// The one button that trains, and what stands in its way where something does.

import { plural } from '../format.ts';
import type { AppState } from '../state/app_state.ts';
import { useActions, useApp } from '../state/context.ts';
import { isActive } from '../state/run.ts';
import { cardOf, policyOf, trainingDefaultsOf } from '../state/settings.ts';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { Icon } from '../ui/icons.tsx';
import { missingRoles } from './columns.ts';

/** Why a run cannot start, or undefined. */
function obstacle({ environment, catalogue, model, preview, report, plans, settings, run, study }: AppState): string | undefined {
  if (isActive(run)) return 'A run is under way: see Train.';
  if (study.running) return 'A study is under way: see Compare.';
  if (environment.value?.available === false) return 'This browser offers no GPU: see above.';
  if (model.error !== undefined) return 'The model cannot be used: see 1.';
  if (preview.error !== undefined || report.error !== undefined) return 'The data cannot be used: see 2.';
  if (missingRoles(settings.columns).length > 0 && preview.value !== undefined) return 'Some columns have no part yet: see 2.';
  if (plans.error !== undefined) return 'The memory plan does not hold: see below.';
  if (catalogue.value === undefined || environment.value === undefined) return 'Getting ready …';
  return undefined;
}

export function StartPanel() {
  const reason = useApp(obstacle);
  const settings = useApp((state) => state.settings);
  const catalogue = useApp((state) => state.catalogue.value);
  const report = useApp((state) => state.report.value);
  const software = useApp(({ environment }) => environment.value?.available === true && environment.value.software);
  const startError = useApp((state) => state.startError);
  const { start } = useActions();
  const card = cardOf(catalogue, settings.method);
  const training = { ...trainingDefaultsOf(card, settings.training), ...settings.training };
  const { batch_size, gradient_accumulation_steps, max_steps, epochs } = training;
  const effective = batch_size * gradient_accumulation_steps;
  const length = max_steps === -1 ? plural(epochs, 'epoch') : plural(max_steps, 'step');
  return (
    <section className="card start" aria-label="Start">
      <p className="start-what">
        Teach <strong>{settings.model.name}</strong> the{' '}
        <strong>{report === undefined ? 'labels' : plural(report.labels.length, 'label')}</strong> of <strong>{settings.data.name}</strong>{' '}
        with <strong>{card?.title ?? settings.method}</strong>, {policyOf(settings, card)}: {length} of {plural(effective, 'example')}.
      </p>
      <button type="button" className="button button-primary button-large" disabled={reason !== undefined} onClick={() => void start()}>
        <Icon name="play" /> Train
      </button>
      {reason !== undefined && <p className="small muted">{reason}</p>}
      {software && <p className="small muted">On a software adapter: it works, and a step takes seconds instead of milliseconds.</p>}
      {startError !== undefined && <ErrorNote error={startError} />}
    </section>
  );
}
