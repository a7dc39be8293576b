// The checkpoint of a run: how far it is, and whether its tensor files are sound.

import { RetraceError } from '../../src/protocol/errors.ts';
import { countText } from '../../src/protocol/sentences.ts';
import { readState } from '../../src/session/run/checkpoint.ts';
import { scoreText } from '../format.ts';
import { readRecord, readTensorFiles } from '../run_folder.ts';
import type { Finding } from './finding.ts';

export async function inspectRun(folder: string): Promise<Finding> {
  const record = await readRecord(folder);
  if (!record)
    throw new RetraceError({
      code: 'bad-checkpoint',
      message: `There is no run.json in '${folder}'.`,
      where: folder,
      remedy: 'Check the path.',
    });
  const { summary, settings } = record;
  const state = await readState((await readTensorFiles(folder, record)).state);
  const parameters = [...state.parameters.values()].reduce((sum, { length }) => sum + length, 0);
  const { best } = summary;
  return {
    object: {
      type: 'run',
      ...{ ...summary, settings, parameters, steps_recorded: record.events.filter(({ type }) => type === 'step').length },
    },
    text: [
      `${folder}: a run of ${summary.method} (${summary.policy}), step ${summary.step} of ${summary.max_steps}, ${summary.finished ? 'finished' : 'to be resumed'}`,
      `saved ${summary.saved_at}; ${countText(parameters)} parameters with their moments`,
      ...(best ? [`best: step ${best.step}, ${best.metric} ${scoreText(best.metric, best.value)}`] : []),
    ].join('\n'),
  };
}
