// Everything that is chosen before a run, with the memory it will take beside it.

import { MemoryPicture } from '../memory/MemoryPicture.tsx';
import { useActions, useApp } from '../state/context.ts';
import { dataFor } from '../state/fitting.ts';
import { choiceOf } from '../state/hub/splits.ts';
import { budgetOn, cardOf, changedCount, policyOf, taskOf } from '../state/settings.ts';
import { readsPooling } from '../state/task_options.ts';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { Icon } from '../ui/icons.tsx';
import { Section } from '../ui/Section.tsx';
import { DataSection } from './data/DataSection.tsx';
import { MethodSection } from './method/MethodSection.tsx';
import { ModelSection } from './model/ModelSection.tsx';
import { SavedRunsPanel } from './SavedRuns.tsx';
import { StartPanel } from './StartPanel.tsx';
import { useDataSource, useModelSource } from './source.ts';
import { TaskSection } from './task/TaskSection.tsx';
import { NumbersSection } from './training/NumbersSection.tsx';

export function ChooseScreen() {
  const settings = useApp((state) => state.settings);
  const catalogue = useApp((state) => state.catalogue);
  const model = useApp((state) => state.model);
  const preview = useApp((state) => state.preview);
  const report = useApp((state) => state.report);
  const plans = useApp((state) => state.plans);
  const startError = useApp((state) => state.startError);
  const actions = useActions();
  const [modelSource, setModelSource] = useModelSource();
  const card = cardOf(catalogue.value, settings.method);
  const policy = policyOf(settings, card);
  const budget = budgetOn(settings);
  const changed = changedCount(settings, card);
  const tasks = catalogue.value?.tasks ?? [];
  const task = taskOf(catalogue.value, settings);
  const { data } = settings;
  const [dataSource, setDataSource] = useDataSource(task?.inputs ?? 'text');
  const bundled = catalogue.value?.data ?? [];
  // Columns are guessed anew, for a task wants columns of its own; those of bundled data with labels are known.
  const chooseTask = (name: string) => {
    const next = tasks.find((each) => each.name === name);
    if (next !== undefined) actions.choose({ task: name, ...dataFor(next, settings, bundled) });
  };
  return (
    <div className="choose">
      <div className="choose-main">
        <SavedRunsPanel />
        {catalogue.error !== undefined && <ErrorNote error={catalogue.error} />}
        <Section number={1} title="Model">
          <ModelSection
            model={settings.model}
            pooling={readsPooling(task) ? settings.pooling : 'not read'}
            description={model}
            bundled={catalogue.value?.models ?? []}
            source={modelSource}
            onSource={setModelSource}
            onModel={(next) => actions.choose({ model: next, pooling: undefined })}
            onPooling={(pooling) => actions.choose({ pooling })}
            imageSize={settings.image_size}
            onImageSize={(image_size) => actions.choose({ image_size })}
          />
        </Section>
        <Section number={2} title="What is to be learned">
          <TaskSection
            tasks={tasks}
            task={task}
            inUse={data.kind === 'hub' && data.id === task?.dataset?.id && data.config === task.dataset.config}
            onTask={chooseTask}
            onHub={() => {
              if (task?.dataset === undefined) return;
              setDataSource('hub');
              actions.chooseSplit(choiceOf(task.dataset), task.dataset.columns);
            }}
            onOwn={() => setDataSource('disk')}
            bundled={catalogue.value?.models[0]?.name}
            onModel={(id) => {
              setModelSource('hub');
              actions.lookUp(id);
            }}
            onBundled={(name) => {
              setModelSource('bundled');
              actions.choose({ model: { kind: 'bundled', name }, pooling: undefined });
            }}
          />
        </Section>
        <Section number={3} title="Data" aside={<Private />}>
          <DataSection
            data={data}
            task={task}
            columns={settings.columns}
            bundled={bundled}
            preview={preview}
            report={report}
            source={dataSource}
            onSource={setDataSource}
            onData={(choice) => actions.choose({ eval_data: undefined, columns: undefined, ...choice })}
            onReading={(data) => actions.choose({ data })}
            onColumns={(columns) => actions.choose({ columns })}
          />
        </Section>
        <Section number={4} title="Method">
          <MethodSection
            methods={catalogue.value?.methods ?? []}
            method={settings.method}
            policy={policy}
            onMethod={(method) => actions.choose({ method, policy: undefined })}
            budget={budget}
            onPolicy={(next) => actions.choose({ policy: budget === undefined && next === card?.default_policy ? undefined : next })}
          />
        </Section>
        <Section
          number={5}
          title="Numbers"
          aside={
            changed > 0 && (
              <button type="button" className="quiet" onClick={actions.resetNumbers}>
                <Icon name="reset" /> Reset all
              </button>
            )
          }
        >
          <NumbersSection
            settings={settings}
            card={card}
            task={task}
            policy={policy}
            layers={model.value?.num_hidden_layers}
            changed={changed}
            error={startError ?? plans.error}
            onTraining={actions.setTraining}
            onOption={actions.setOption}
            onMemory={actions.choose}
          />
        </Section>
      </div>
      <aside className="choose-side" aria-label="Memory and start">
        <StartPanel />
        <section className="card" aria-label="Memory">
          <header className="section-head">
            <h2>Memory, before you start</h2>
          </header>
          <MemoryPicture plans={plans} catalogue={catalogue.value} />
        </section>
      </aside>
    </div>
  );
}

function Private() {
  return (
    <span className="private">
      <Icon name="lock" /> 0 bytes of your data leave this page
    </span>
  );
}
