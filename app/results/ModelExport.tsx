// The whole model out as a zip of a folder, opened again and its logits compared.

import { useEffect, useState } from 'react';
import type { InputWord } from '../../src/protocol/cards.ts';
import type { Calls, MergedType, MergePlan, MergeResult } from '../../src/protocol/messages.ts';
import { plural } from '../../src/protocol/sentences.ts';
import type { Merging } from '../state/merging.ts';
import { Choice } from '../ui/Choice.tsx';
import { download } from '../ui/download.ts';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { bytes, number } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import type { Named } from './ExportPanel.tsx';

interface ModelExportProps {
  named: Named;
  /** What it is tested on. */
  example: InputWord;
  merging: Merging;
  onPlan(): void;
  onMerge(request: Calls['mergeModel']['argument']): Promise<MergeResult | undefined>;
}

/** One of those that come out alike is enough. */
const distinct = ({ choices }: MergePlan): MergePlan['choices'] =>
  choices.filter(({ dtype, bytes: size }, i) => choices.findIndex((other) => other.dtype === dtype && other.bytes === size) === i);

const shownChoice = ({ type, dtype, bytes: size }: MergePlan['choices'][number]) =>
  `${dtype}${type === 'base' ? ', as the base has it' : ''}: ${bytes(size)}`;

export function ModelExport({ named, example, merging, onPlan, onMerge }: ModelExportProps) {
  const [chosen, setType] = useState<MergedType>('base');
  const { plan, made } = merging;
  useEffect(() => {
    if (plan.value === undefined && plan.error === undefined && !plan.pending) onPlan();
  }, [plan, onPlan]);
  const choices = plan.value === undefined ? [] : distinct(plan.value);
  const type = choices.some((choice) => choice.type === chosen) ? chosen : (choices[0]?.type ?? 'base');
  const rounded = choices.find((choice) => choice.type === type && choice.dtype !== 'float32');
  if (plan.error !== undefined) return <ErrorNote error={plan.error} />;
  if (plan.value?.refusal !== undefined) return <ErrorNote error={plan.value.refusal} />;
  return (
    <>
      <span className="label">Weights</span>
      <Choice<MergedType>
        label="Type of the weights"
        value={type}
        items={choices.map((choice) => ({ value: choice.type, label: shownChoice(choice) }))}
        disabled={choices.length < 2}
        onChange={setType}
      />
      <p className="small muted">
        {rounded !== undefined && `What was trained is added in float32 and the sum rounded once to ${rounded.dtype}. `}
        The model is opened beside the trained one and its logits compared: for that time the GPU holds both.
      </p>
      <button
        type="button"
        className="button button-primary"
        disabled={made.pending || choices.length === 0 || named.name === ''}
        onClick={() =>
          void onMerge({ ...named, type, packing: 'zip' }).then((result) => {
            for (const { path, blob } of result?.files ?? []) download(path, blob);
          })
        }
      >
        <Icon name="download" /> {made.pending ? 'Writing and comparing …' : 'Export the model as zip'}
      </button>
      {made.error !== undefined && <ErrorNote error={made.error} />}
      {made.value !== undefined && (
        <p className="verdict verdict-good" role="status">
          <Icon name="check" />
          {made.value.files[0]?.path}, {bytes(made.value.bytes)} of {made.value.dtype}: opened as a model of its own, largest difference of
          logits {number(made.value.verified.largest_difference)} on {plural(made.value.verified.texts, example)}, where the largest logit
          is {number(made.value.verified.largest_logit)}
        </p>
      )}
    </>
  );
}
