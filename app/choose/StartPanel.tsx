// The one button that trains, and what stands in its way where something does.

import { plural } from '../../src/protocol/sentences.ts';
import type { AppState } from '../state/app_state.ts';
import { useActions, useApp } from '../state/context.ts';
import { obstacleOf } from '../state/occupied.ts';
import { budgetOn, cardOf, learnedOf, policyOf, taskOf, trainingDefaultsOf } from '../state/settings.ts';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { Icon } from '../ui/icons.tsx';

/** Why a run cannot start, or undefined. */
const obstacle = (state: AppState): string | undefined =>
  obstacleOf(state) ??
  (state.plans.error !== undefined
    ? `These settings can't be planned: ${state.plans.error.message}`
    : state.plans.value?.[0]?.trainable_parameters === 0
      ? 'Nothing would be trained: this method trains a head alone, and the task adds none. Choose another method.'
      : undefined);

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
  const { label, target } = settings.columns ?? {};
  const [before, what] = {
    class: ['the', report === undefined ? 'labels' : plural(report.labels.length, 'label')],
    number: ['to predict', label ?? 'the numbers'],
    choice: ['to choose among', 'the answers'],
    text: ['to write', target ?? 'the targets'],
    continuation: ['to go on with', 'the texts'],
  }[learnedOf(taskOf(catalogue, settings))];
  return (
    <section className="card start" aria-label="Start">
      <p className="start-what">
        Teach <strong>{settings.model.name}</strong> {before} <strong>{what}</strong> of <strong>{settings.data.name}</strong> with{' '}
        <strong>{card?.title ?? settings.method}</strong>,{' '}
        {budgetOn(settings) === 'chooses' ? 'within a memory budget' : policyOf(settings, card)}: {length} of {plural(effective, 'example')}
        .
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
