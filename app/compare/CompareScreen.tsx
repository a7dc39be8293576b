// Methods × policies on one axis, a queue that trains the chosen ones alike, and the study of starting points.

import { startTransition, useCallback, useDeferredValue, useEffect, useMemo, useState } from 'react';
import { defaultTraining } from '../../src/protocol/config.ts';
import { batchText, plural } from '../../src/protocol/sentences.ts';
import { ModelSection } from '../choose/model/ModelSection.tsx';
import { useModelSource } from '../choose/source.ts';
import { trainingEntries } from '../options/entries.ts';
import { OptionGroup } from '../options/OptionGroup.tsx';
import { QueueSection } from '../queue/QueueSection.tsx';
import { cellsOf, keyOf, signatureOf } from '../state/cells.ts';
import { useActions, useApp } from '../state/context.ts';
import { paceOf, stepMs } from '../state/pace.ts';
import { runsOf } from '../state/queue.ts';
import { isActive } from '../state/run.ts';
import { cardOf, lengthOf, taskOf } from '../state/settings.ts';
import { StudySection } from '../study/StudySection.tsx';
import { downloadText } from '../ui/download.ts';
import { bytes } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import { CompareTable } from './CompareTable.tsx';
import { csvOf, rowsOf, type Sorting, sorted } from './rows.ts';

export default function CompareScreen({ theme }: { theme: string }) {
  const settings = useApp((state) => state.settings);
  const catalogue = useApp((state) => state.catalogue.value);
  const report = useApp((state) => state.report.value);
  const comparison = useApp((state) => state.comparison);
  // Deferred: drawing thirty rows at once would delay a click.
  const outcomes = useDeferredValue(comparison.outcomes);
  const active = useApp((state) => isActive(state.run));
  const [sorting, setSorting] = useState<Sorting | undefined>(undefined);
  const [picked, setPicked] = useState<readonly string[]>([]);
  const { compare } = useActions();
  const sort = useCallback((next: Sorting) => startTransition(() => setSorting(next)), []);
  const pick = useCallback(
    (key: string) => setPicked((before) => (before.includes(key) ? before.filter((one) => one !== key) : [...before, key])),
    [],
  );
  const training = { ...defaultTraining, ...settings.training, max_length: lengthOf(settings, cardOf(catalogue, settings.method)) };
  const cells = useMemo(() => (catalogue === undefined ? [] : cellsOf(settings, catalogue, report)), [settings, catalogue, report]);
  const signature = useMemo(() => signatureOf(cells), [cells]);
  // While a run is active nothing is planned by itself, because planning would slow it down.
  // biome-ignore lint/correctness/useExhaustiveDependencies: begun anew whenever anything that a plan depends on changes.
  useEffect(() => {
    if (active) return;
    const timer = setTimeout(compare, 200);
    return () => clearTimeout(timer);
  }, [signature, active]);

  const items = useDeferredValue(useApp((state) => state.queue.items));
  const finished = useMemo(() => runsOf(items, undefined), [items]);
  const pace = useMemo(() => paceOf(finished.map((one) => one.run)), [finished]);
  const rows = useMemo(() => {
    const measured = new Map(finished.flatMap((one) => (stepMs(one.run) === undefined ? [] : [[one.key, stepMs(one.run) ?? 0]])));
    const all = rowsOf(cells, outcomes, pace, measured);
    return sorting === undefined ? all : sorted(all, sorting);
  }, [cells, outcomes, pace, finished, sorting]);
  const failures = cells.flatMap((cell) => {
    const error = outcomes[keyOf(cell)]?.error;
    return error === undefined ? [] : [{ title: cell.title, error }];
  });
  const best = rows.reduce<(typeof rows)[number] | undefined>(
    (least, row) => (least === undefined || row.plan.bytes.total < least.plan.bytes.total ? row : least),
    undefined,
  );
  return (
    <div className="compare">
      <Setup />
      <section className="card compare-card" aria-label="Methods and policies">
        <header className="section-head">
          <h2>Methods × policies</h2>
          <Progress active={active} />
          <button
            type="button"
            className="button"
            disabled={rows.length === 0}
            onClick={() => downloadText(`retrace-compare-${settings.model.name}.csv`, 'text/csv', csvOf(rows))}
          >
            <Icon name="download" /> CSV
          </button>
        </header>
        <p className="muted small">
          One training step at batch {batchText({ batch: training.batch_size, micro_batch: settings.memory.micro_batch_size })} and{' '}
          {settings.tokens === undefined ? `length ${training.max_length}` : `${settings.tokens} tokens per picture`}, every method with its
          own defaults, all by the same engine, exact to the byte.
          {best !== undefined && !comparison.running && ` Least: ${best.title}, ${bytes(best.plan.bytes.total)}.`}{' '}
          {pace === undefined
            ? 'Times are predicted once a run of the queue has shown how fast this device is.'
            : `Times are predicted from ${plural(pace.runs, 'run')} of the queue (${(pace.rate / 1e6).toPrecision(3)} GFLOP/s), for steps with as many tokens as theirs.`}
        </p>
        <CompareTable rows={rows} running={comparison.running || !active} sorting={sorting} onSort={sort} picked={picked} onPick={pick} />
        {failures.map(({ title, error }) => (
          <p className="small muted" key={title}>
            <strong>{title}</strong>: {error.message}
          </p>
        ))}
      </section>
      <QueueSection
        picked={cells.filter((cell) => picked.includes(keyOf(cell)))}
        predicted={(key) => rows.find((row) => keyOf(row) === key)?.predicted_ms}
        onDrop={(key) => setPicked(picked.filter((one) => one !== key))}
        theme={theme}
      />
      <StudySection />
    </div>
  );
}

/** Model, batch and length: the same as on the screen of choices. */
function Setup() {
  const settings = useApp((state) => state.settings);
  const model = useApp((state) => state.model);
  const bundled = useApp((state) => state.catalogue.value?.models ?? noModels);
  const card = useApp((state) => cardOf(state.catalogue.value, state.settings.method));
  const task = useApp((state) => taskOf(state.catalogue.value, state.settings));
  const { choose, setTraining } = useActions();
  const [source, setSource] = useModelSource();
  const numbers = trainingEntries(settings, card, task).filter(({ name }) => ['batch_size', 'max_length'].includes(name));
  return (
    <section className="card section" aria-label="What is compared">
      <header className="section-head">
        <h2>What is compared</h2>
      </header>
      <ModelSection
        model={settings.model}
        pooling={settings.pooling}
        description={model}
        bundled={bundled}
        source={source}
        onSource={setSource}
        onModel={(next) => choose({ model: next, pooling: undefined })}
        onPooling={(pooling) => choose({ pooling })}
        imageSize={settings.image_size}
        onImageSize={(image_size) => choose({ image_size })}
      />
      <OptionGroup entries={numbers} onChange={(name, value) => setTraining({ [name]: value })} />
    </section>
  );
}

const noModels = [] as const;

function Progress({ active }: { active: boolean }) {
  const { running, done, of } = useApp((state) => state.comparison);
  const { compare, cancelComparing } = useActions();
  if (running) {
    return (
      <span className="compare-progress" role="status">
        {done} of {of} planned
        <button type="button" className="quiet" onClick={cancelComparing}>
          <Icon name="close" /> Cancel
        </button>
      </span>
    );
  }
  if (of > 0 && done === of) return <span className="compare-progress muted">{plural(of, 'combination')}</span>;
  return (
    <button type="button" className="button" onClick={compare}>
      <Icon name="play" /> {active ? 'Plan now' : 'Plan all'}
    </button>
  );
}
