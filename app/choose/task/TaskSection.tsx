// What is to be learned: a kind of answer, or a task that has a name and a data set, such as GLUE's.

import type { TaskCard } from '../../../src/protocol/cards.ts';
import { Unfold } from '../../ui/Unfold.tsx';
import { NamedTaskData } from './NamedTaskData.tsx';
import { NamedTaskTiles } from './NamedTaskTiles.tsx';
import { TaskTiles } from './TaskTiles.tsx';

interface TaskSectionProps {
  tasks: readonly TaskCard[];
  task: TaskCard | undefined;
  /** The named task's own data are what is chosen. */
  inUse: boolean;
  onTask(task: string): void;
  /** Where the data of a named task come from. */
  onHub(): void;
  onOwn(): void;
}

export function TaskSection({ tasks, task, inUse, onTask, onHub, onOwn }: TaskSectionProps) {
  if (task === undefined) return <div className="skeleton skeleton-tall" role="status" aria-label="Loading tasks" />;
  const named = tasks.filter(({ dataset }) => dataset !== undefined);
  return (
    <>
      <TaskTiles tasks={tasks.filter(({ dataset }) => dataset === undefined)} task={task.name} onTask={onTask} />
      {named.length > 0 && (
        <Unfold title="GLUE: eight tasks by name" open={task.dataset !== undefined}>
          <NamedTaskTiles tasks={named} task={task.name} onTask={onTask} />
        </Unfold>
      )}
      {task.dataset !== undefined && <NamedTaskData dataset={task.dataset} inUse={inUse} onHub={onHub} onOwn={onOwn} />}
    </>
  );
}
