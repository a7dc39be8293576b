// What came out: metrics, confusion, a field to try it, the adapter as a file.

import { inputWord, type TaskCard } from '../../src/protocol/cards.ts';
import { plural } from '../../src/protocol/sentences.ts';
import { useActions, useApp } from '../state/context.ts';
import { hubEndpoint } from '../state/hub/endpoint.ts';
import { busyText } from '../state/occupied.ts';
import { bestOf, type RunState } from '../state/run.ts';
import { shownMetrics } from '../ui/metrics.ts';
import { ClassResults } from './ClassResults.tsx';
import { ExportPanel } from './ExportPanel.tsx';
import { ImportPanel } from './ImportPanel.tsx';
import { ScatterView } from './ScatterView.tsx';
import { TryChoices } from './TryChoices.tsx';
import { TryPictures } from './TryPictures.tsx';
import { TrySentence } from './TrySentence.tsx';
import { TryWriting } from './TryWriting.tsx';

export function ResultsScreen({ theme }: { theme: string }) {
  const run = useApp((state) => state.run);
  const prediction = useApp((state) => state.prediction);
  const writing = useApp((state) => state.writing);
  const exported = useApp((state) => state.exported);
  const merging = useApp((state) => state.merging);
  const imported = useApp((state) => state.imported);
  const tasks = useApp((state) => state.catalogue.value?.tasks ?? noTasks);
  const method = useApp((state) => state.catalogue.value?.methods.find(({ name }) => name === state.imported.value?.method));
  const busy = useApp(busyText);
  const baseWanted = useApp((state) => state.baseWanted);
  const endpoint = useApp((state) => state.hub.place.value?.endpoint) ?? hubEndpoint();
  // Whether an imported model takes pairs is not known; assume what is chosen for the data now.
  const chosenPair = useApp((state) => state.settings.columns?.text_pair !== undefined);
  const {
    ask,
    predict,
    predictPicture,
    write,
    stopWriting,
    evaluationTexts,
    exportAdapter,
    planMerge,
    mergeModel,
    importAdapter,
    lookUp,
    show,
  } = useActions();
  // The worker holds the trained model unless an import has replaced it, or the run stopped before its first step.
  const kept = run?.finished !== undefined && run.steps.length > 0 && imported.value === undefined;
  const evaluation = run === undefined ? undefined : (bestOf(run) ?? run.evaluations.at(-1));
  const labels = imported.value?.labels ?? run?.labels ?? evaluation?.confusion?.labels ?? [];
  const pair = kept && run.columns !== undefined ? run.columns.text_pair !== undefined : chosenPair;
  const what = (kept ? run.columns?.label : undefined) ?? 'number';
  const task = tasks.find(({ name }) => name === (imported.value?.task ?? run?.task));
  const usable = imported.value !== undefined || kept;
  // What is tried stands below metrics without a picture, where there is room for texts.
  const roomy = evaluation?.confusion === undefined && evaluation?.scatter === undefined;
  const read = inputWord[task?.inputs ?? 'text'];
  const example = exampleOf(run, tasks);
  const tryIt = (
    <section className="card" aria-label="Try it">
      <h2>Try your own</h2>
      {usable && read === 'picture' ? (
        <TryPictures labels={labels} importing={imported.pending} predict={predictPicture} />
      ) : usable && task?.learns === 'choice' ? (
        <TryChoices passage={pair} prediction={prediction} importing={imported.pending} onAsk={ask} />
      ) : usable && task?.head === 'words' ? (
        <TryWriting
          goesOn={task.learns === 'continuation'}
          writing={writing}
          onWrite={(prompt, options) => void write(prompt, options)}
          onStop={stopWriting}
        />
      ) : usable ? (
        <TrySentence labels={labels} pair={pair} what={what} prediction={prediction} importing={imported.pending} onText={predict} />
      ) : (
        <p className="muted">Once a run has ended or an adapter is imported.</p>
      )}
    </section>
  );
  return (
    <div className="results">
      <div className="results-main">
        {evaluation !== undefined ? (
          <section className="card" aria-label="Evaluation">
            <h2>
              {run?.name}: step {evaluation.step}, {plural(evaluation.examples, example)}
            </h2>
            <dl className="metrics">
              {shownMetrics(evaluation.metrics, tasks).map(({ name, title, text }) => (
                <div key={name}>
                  <dt>{title}</dt>
                  <dd>{text}</dd>
                </div>
              ))}
            </dl>
            {evaluation.written !== undefined && (
              <p className="small muted">
                Exact match is taken over {plural(evaluation.written, 'text')} that the model wrote itself, the likeliest word each time:
                the share that is right to the letter.
              </p>
            )}
            {evaluation.confusion !== undefined && (
              <ClassResults
                key={`${run?.name} ${evaluation.step}`}
                {...{ confusion: evaluation.confusion, mistakes: evaluation.mistakes ?? noMistakes, theme, example, held: kept }}
                inputs={example === 'picture' ? 'image' : 'text'}
                examplesOf={evaluationTexts}
              />
            )}
            {evaluation.scatter !== undefined && (
              <ScatterView scatter={evaluation.scatter} what={what} examples={evaluation.examples} textsOf={evaluationTexts} />
            )}
          </section>
        ) : imported.value !== undefined ? (
          <section className="card empty" aria-label="Evaluation">
            <h2>An imported adapter</h2>
            <p className="muted">
              {method?.title ?? imported.value.method}
              {imported.value.labels.length > 0 && ` with ${plural(imported.value.labels.length, 'label')}`}
              {task !== undefined && `, ${task.dataset === undefined ? task.title.toLowerCase() : task.title}`}: try it. It was evaluated
              where it was trained; its model card says how.
            </p>
          </section>
        ) : (
          <section className="card empty" aria-label="Evaluation">
            <h2>Nothing has been evaluated yet</h2>
            <p className="muted">
              {kept
                ? 'The run ended before its first evaluation. What it has learned can be tried and exported.'
                : 'Train a model, or import an adapter that was exported before, and try it here.'}
            </p>
          </section>
        )}
        {roomy && tryIt}
      </div>
      <div className="results-side">
        {!roomy && tryIt}
        {usable && (
          <section className="card" aria-label="Export">
            <h2>Export</h2>
            <ExportPanel
              key={kept ? run.name : imported.value?.name}
              suggestion={suggestionOf(kept ? run.name : `${imported.value?.name} ${imported.value?.method}`)}
              trained={kept ? 'here' : 'elsewhere'}
              example={read}
              exported={exported}
              merging={merging}
              onExport={exportAdapter}
              onPlanMerge={planMerge}
              onMerge={mergeModel}
            />
          </section>
        )}
        <section className="card" aria-label="Import">
          <h2>Import</h2>
          {kept && exported.value === undefined && (
            <p className="small muted">It takes the place of the trained model: export that first if you want to keep it.</p>
          )}
          <ImportPanel
            imported={imported}
            example={read}
            busy={busy}
            baseWanted={baseWanted}
            endpoint={endpoint}
            onLookUp={(name) => {
              lookUp(name);
              show('choose');
            }}
            onImport={(adapter) => void importAdapter(adapter)}
          />
        </section>
      </div>
    </div>
  );
}

const noTasks = [] as const;
const noMistakes = [] as const;

/** What is evaluated one by one. */
const exampleOf = (run: RunState | undefined, tasks: readonly TaskCard[]): string => {
  const task = tasks.find(({ name }) => name === run?.task);
  if (task?.learns === 'choice') return 'question';
  if (task?.inputs === 'image') return 'picture';
  return run?.columns?.text_pair === undefined ? 'text' : 'pair';
};

const suggestionOf = (name: string) =>
  name
    .toLowerCase()
    .replace(/\.[a-z]{3}\b/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
