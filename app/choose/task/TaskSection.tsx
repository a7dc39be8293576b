// What is to be learned: a kind of answer, or a task that has a name and a data set, such as GLUE's.

import type { TaskCard } from '../../../src/protocol/cards.ts';
import type { KnownDataset } from '../../../src/protocol/hub_data.ts';
import { Unfold } from '../../ui/Unfold.tsx';
import { NamedTaskData } from './NamedTaskData.tsx';
import { NamedTaskTiles } from './NamedTaskTiles.tsx';
import { OtherModel } from './OtherModel.tsx';
import { refusalText, TaskTiles } from './TaskTiles.tsx';

const suiteTitles: Readonly<Record<KnownDataset['suite'], string>> = {
  GLUE: 'GLUE: eight tasks by name',
  'question answering': 'Question answering: five sets by name',
};

interface TaskSectionProps {
  tasks: readonly TaskCard[];
  task: TaskCard | undefined;
  /** The named task's own data are what is chosen. */
  inUse: boolean;
  onTask(task: string): void;
  /** Where the data of a named task come from. */
  onHub(): void;
  onOwn(): void;
  /** Another model, of the hub. */
  onModel(id: string): void;
  /** The model that comes with Retrace, by name. */
  bundled: string | undefined;
  onBundled(name: string): void;
}

export function TaskSection({ tasks, task, inUse, onTask, onHub, onOwn, onModel, bundled, onBundled }: TaskSectionProps) {
  if (task === undefined) return <div className="skeleton skeleton-tall" role="status" aria-label="Loading tasks" />;
  const suites = [...new Set(tasks.flatMap(({ dataset }) => dataset?.suite ?? []))];
  const kinds = tasks.filter(({ dataset }) => dataset === undefined);
  const refused = kinds.filter(({ refusal }) => refusal !== undefined);
  const instead = [...new Set(refused.flatMap((kind) => kind.instead ?? []))];
  // The model that comes with Retrace reads texts.
  const texts = bundled !== undefined && refused.some(({ inputs, learns }) => inputs === 'text' && learns === 'class');
  return (
    <>
      <TaskTiles tasks={kinds} task={task.name} onTask={onTask} />
      {refused.length > 0 && (
        <OtherModel reason="What this model can't learn, another can:" ids={instead} onModel={onModel}>
          {texts && (
            <button type="button" className="button" onClick={() => onBundled(bundled)}>
              Use {bundled}
            </button>
          )}
        </OtherModel>
      )}
      {suites.map((suite) => {
        const named = tasks.filter(({ dataset }) => dataset?.suite === suite);
        const { refusal, instead: other } = named.find(({ refusal: reason }) => reason !== undefined) ?? {};
        return (
          <Unfold key={suite} title={suiteTitles[suite]} open={task.dataset?.suite === suite}>
            {refusal !== undefined && (
              <OtherModel reason={refusalText(refusal)} ids={other === undefined ? [] : [other]} onModel={onModel} />
            )}
            <NamedTaskTiles suite={suite} tasks={named} task={task.name} onTask={onTask} />
          </Unfold>
        );
      })}
      {task.dataset !== undefined && <NamedTaskData dataset={task.dataset} inUse={inUse} onHub={onHub} onOwn={onOwn} />}
    </>
  );
}
