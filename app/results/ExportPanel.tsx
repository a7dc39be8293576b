// What goes out, under which name and licence: the adapter, or the whole model with what was trained in its weights.

import { useState } from 'react';
import type { InputWord } from '../../src/protocol/cards.ts';
import type { Calls, ExportResult, MergeResult } from '../../src/protocol/messages.ts';
import type { Answer } from '../state/answer.ts';
import type { Merging } from '../state/merging.ts';
import { Choice } from '../ui/Choice.tsx';
import { Segmented } from '../ui/Segmented.tsx';
import { AdapterExport } from './AdapterExport.tsx';
import { ModelExport } from './ModelExport.tsx';

const licences = ['apache-2.0', 'mit', 'cc-by-4.0', 'cc-by-sa-4.0', 'cc-by-nc-4.0', 'other'] as const;

export interface Named {
  readonly name: string;
  readonly licence: string;
}

interface ExportPanelProps {
  suggestion: string;
  /** An adapter that was imported is a file already. */
  trained: 'here' | 'elsewhere';
  /** What it is tested on. */
  example: InputWord;
  exported: Answer<ExportResult>;
  merging: Merging;
  onExport(request: Calls['exportAdapter']['argument']): Promise<ExportResult | undefined>;
  onPlanMerge(): void;
  onMerge(request: Calls['mergeModel']['argument']): Promise<MergeResult | undefined>;
}

export function ExportPanel({ suggestion, trained, example, exported, merging, onExport, onPlanMerge, onMerge }: ExportPanelProps) {
  const [name, setName] = useState(suggestion);
  const [licence, setLicence] = useState<(typeof licences)[number]>('apache-2.0');
  const [chosen, setChosen] = useState<'adapter' | 'model'>('adapter');
  const what = trained === 'elsewhere' ? 'model' : chosen;
  const named = { name: name.trim(), licence };
  return (
    <div className="export">
      {trained === 'here' && (
        <Segmented<'adapter' | 'model'>
          label="What to export"
          value={what}
          items={[
            { value: 'adapter', label: 'Adapter' },
            { value: 'model', label: 'Whole model' },
          ]}
          onChange={setChosen}
        />
      )}
      <p className="small muted">
        {what === 'adapter'
          ? 'What was trained, with configuration, label names and model card; checked by reading it back.'
          : 'The base with what was trained in its weights: a folder that plain Transformers loads, without Retrace and without PEFT.'}
      </p>
      <label htmlFor="export-name">Name</label>
      <input id="export-name" className="input" value={name} autoComplete="off" onChange={({ target }) => setName(target.value)} />
      <span className="label">{what === 'adapter' ? 'Licence of the adapter' : 'Licence of the model'}</span>
      <Choice<(typeof licences)[number]>
        label="Licence"
        value={licence}
        items={licences.map((each) => ({ value: each, label: each }))}
        onChange={setLicence}
      />
      {what === 'adapter' ? (
        <AdapterExport named={named} example={example} exported={exported} onExport={onExport} />
      ) : (
        <ModelExport named={named} example={example} merging={merging} onPlan={onPlanMerge} onMerge={onMerge} />
      )}
    </div>
  );
}
