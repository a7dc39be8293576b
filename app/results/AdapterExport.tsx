// The adapter out as a zip, read back and its logits compared.

import { useState } from 'react';
import type { InputWord } from '../../src/protocol/cards.ts';
import type { Calls, ExportLayout, ExportResult } from '../../src/protocol/messages.ts';
import { plural } from '../../src/protocol/sentences.ts';
import type { Answer } from '../state/answer.ts';
import { Choice } from '../ui/Choice.tsx';
import { download } from '../ui/download.ts';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { bytes, number } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import type { Named } from './ExportPanel.tsx';
import { PushToHub } from './PushToHub.tsx';

interface AdapterExportProps {
  named: Named;
  /** What it is tested on. */
  example: InputWord;
  exported: Answer<ExportResult>;
  onExport(request: Calls['exportAdapter']['argument']): Promise<ExportResult | undefined>;
}

export function AdapterExport({ named, example, exported, onExport }: AdapterExportProps) {
  const [ofData, setOfData] = useState(false);
  const [layout, setLayout] = useState<ExportLayout>('auto');
  const { value, error, pending } = exported;
  return (
    <>
      <span className="label">Layout</span>
      <Choice<ExportLayout>
        label="Layout"
        value={layout}
        items={[
          { value: 'auto', label: "PEFT's, or Retrace's own" },
          { value: 'adapter-hub', label: "AdapterHub's" },
        ]}
        onChange={setLayout}
      />
      <label className="check">
        <input type="checkbox" checked={ofData} onChange={({ target }) => setOfData(target.checked)} /> Test it on {example}s of my data
      </label>
      <p className="small muted">
        {ofData
          ? `Up to eight ${example}s of the evaluation data go into the zip, with their logits. Whoever gets it can ${example === 'text' ? 'read' : 'see'} them.`
          : `Made-up ${example === 'text' ? 'sentences' : 'pictures'} go into the zip, with their logits, so that others can check it. No ${example} of your data does.`}
      </p>
      <button
        type="button"
        className="button button-primary"
        disabled={pending || named.name === ''}
        onClick={() =>
          void onExport({ ...named, layout, self_test_texts: ofData ? 'data' : 'bundled' }).then(
            (result) =>
              result !== undefined && download(result.file_name, new Blob([new Uint8Array(result.zip)], { type: 'application/zip' })),
          )
        }
      >
        <Icon name="download" /> {pending ? 'Writing and reading back …' : 'Export as zip'}
      </button>
      {error !== undefined && <ErrorNote error={error} />}
      {value !== undefined && (
        <>
          <p className="verdict verdict-good" role="status">
            <Icon name="check" />
            {value.file_name}, {bytes(value.zip.byteLength)}: read back, largest difference of logits{' '}
            {number(value.verified.largest_difference)} on {plural(value.verified.texts, example)}
            {value.self_test_texts === 'data' ? ' of the data, which it carries' : ', made up'}
          </p>
          {value.not_peft !== undefined && (
            <p className="small muted">{value.not_peft} It is in Retrace's own layout, which its Python package loads.</p>
          )}
          <PushToHub
            key={value.file_name}
            fileName={value.file_name}
            example={example}
            readers={value.self_test_texts === 'data' ? 'data' : 'made up'}
          />
        </>
      )}
    </>
  );
}
