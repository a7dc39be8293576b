// A data set of the hub: its configurations and splits with rows and bytes; of one configuration also columns, classes, and what they are taken for. What is
// read is what describes it: its rows are read by a run.

import { describeDataset } from '../../src/data/hub/dataset.ts';
import { chooseSplit, findDataset } from '../../src/data/hub/name.ts';
import type { HubDataset } from '../../src/protocol/hub.ts';
import { evaluationSplit, knownDataset } from '../../src/protocol/hub_data.ts';
import { countText } from '../../src/protocol/sentences.ts';
import { previewOf } from '../../src/session/data/rows.ts';
import { columnsText, namedColumns, reasonLines } from '../columns.ts';
import { dataRef } from '../data.ts';
import type { Given } from '../flags.ts';
import { bytesText, tableText } from '../format.ts';
import { nodeHost } from '../host.ts';
import { hubOf } from '../hub/connection.ts';
import { textOf } from '../settings.ts';
import type { Finding } from './finding.ts';

const shownClasses = 30;

function splitsText(configs: HubDataset['configs']): string {
  const rows = configs.flatMap(({ name, splits }) =>
    splits.map(({ name: split, rows: count, bytes }) => [
      name,
      split,
      count === undefined ? '' : countText(count),
      bytes === undefined ? '' : bytesText(bytes),
    ]),
  );
  return tableText([['configuration', 'split', 'rows', 'bytes'], ...rows]);
}

const indented = (text: string): string => text.trim().replace(/^/gm, '  ');

/** Errors: those of `findDataset`, `describeDataset` and `chooseSplit`. */
export async function inspectHubData(name: string, given: Given): Promise<Finding> {
  const hub = hubOf(given);
  const found = await findDataset(hub, name);
  const { id, configs } = found.dataset;
  const described = await describeDataset(hub, { id, revision: found.revision });
  const head = `${id}: a data set of the hub, at commit ${described.commit.slice(0, 7)}; licence, as the hub names it: ${described.licence ?? 'none is named'}`;
  const cited = described.citation === undefined ? [] : ['', 'to be cited as:', indented(described.citation)];
  const named = found.parts.length > 0 || configs.length === 1 || configs.some((config) => config.name === 'default');
  if (!named) {
    return {
      object: { type: 'hub-data', ...described },
      text: [head, '', splitsText(described.configs), ...cited].join('\n'),
    };
  }
  const { splits, ...place } = chooseSplit(found, ['train']);
  const config = described.configs.filter((one) => one.name === place.config);
  const columns = config.flatMap((one) => one.columns);
  const known = knownDataset(id, place.config);
  const task = textOf(given, 'task') ?? (known?.suite === 'question answering' ? known.task : undefined);
  const preview = await previewOf(await dataRef({ kind: 'hub', ...place }), namedColumns(given), nodeHost(undefined, given), task);
  const { guess, reasons } = preview;
  const classes = columns.find(({ name: column }) => column === guess.label)?.names ?? [];
  const evaluated = evaluationSplit(splits);
  return {
    object: {
      type: 'hub-data',
      ...described,
      ...{ configs: config, config: place.config, split: place.split, roles: guess, reasons, eval_split: evaluated },
    },
    text: [
      head,
      ...(known === undefined
        ? []
        : [
            `${known.title}: ${known.is} ${known.suite === 'GLUE' ? 'GLUE' : 'lm-evaluation-harness'} reports ${known.metrics.join(' and ')}.`,
          ]),
      '',
      splitsText(config),
      '',
      tableText([['column', 'type'], ...columns.map((column) => [column.name, column.type])]),
      '',
      `${columnsText(guess)}${classes.length === 0 ? '' : `; ${classes.length} classes: ${classes.slice(0, shownClasses).join(', ')}${classes.length > shownClasses ? ', ...' : ''}`}`,
      ...reasonLines(guess, reasons).map((line) => `  ${line}`),
      `trained on ${place.split}, evaluated on ${evaluated ?? `a tenth of ${place.split} that is held back`}`,
      ...cited,
    ].join('\n'),
  };
}
