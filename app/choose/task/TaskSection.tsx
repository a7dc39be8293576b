// What is to be learned: a kind of answer, or one of GLUE's tasks, which brings its columns.

import type { TaskCard } from '../../../src/protocol/cards.ts';
import { glueTasks, type KnownDataset } from '../../../src/protocol/hub_data.ts';
import { taskOfPreset } from '../../state/presets.ts';
import { Unfold } from '../../ui/Unfold.tsx';
import { PresetData } from './PresetData.tsx';
import { PresetTiles } from './PresetTiles.tsx';
import { TaskTiles } from './TaskTiles.tsx';

interface TaskSectionProps {
  tasks: readonly TaskCard[];
  task: TaskCard | undefined;
  preset: KnownDataset | undefined;
  /** The preset's own data are what is chosen. */
  presetInUse: boolean;
  onTask(task: string): void;
  onPreset(preset: KnownDataset): void;
  onHub(preset: KnownDataset): void;
  onOwn(): void;
}

export function TaskSection({ tasks, task, preset, presetInUse, onTask, onPreset, onHub, onOwn }: TaskSectionProps) {
  if (task === undefined) return <div className="skeleton skeleton-tall" role="status" aria-label="Loading tasks" />;
  // Tasks that are one data set stand below, by their names.
  const general = tasks.filter(({ dataset }) => dataset === undefined);
  return (
    <>
      <TaskTiles tasks={general} task={(preset && taskOfPreset(preset, general)?.name) ?? task.name} onTask={onTask} />
      <Unfold title="GLUE: eight tasks by name" open={preset !== undefined}>
        <PresetTiles presets={glueTasks} chosen={preset} onPreset={onPreset} />
      </Unfold>
      {preset !== undefined && <PresetData preset={preset} inUse={presetInUse} onHub={() => onHub(preset)} onOwn={onOwn} />}
    </>
  );
}
