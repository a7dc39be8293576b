// The adapter out as a zip, and such a zip in again; both with the logits compared.

import { useState } from 'react';
import type { AdapterSource } from '../../src/protocol/config.ts';
import type { Calls, ExportLayout, ExportResult, ImportResult } from '../../src/protocol/messages.ts';
import { NameField } from '../hub/NameField.tsx';
import type { Answer } from '../state/answer.ts';
import { shownName, typedRepo } from '../state/hub/typed.ts';
import { Choice } from '../ui/Choice.tsx';
import { DropZone, Pick } from '../ui/DropZone.tsx';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { Numbers } from '../ui/Figure.tsx';
import { adapterOfDropped, adapterOfPicked } from '../ui/files.ts';
import { bytes, number, plural } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import { PushToHub } from './PushToHub.tsx';

const licences = ['apache-2.0', 'mit', 'cc-by-4.0', 'cc-by-sa-4.0', 'cc-by-nc-4.0', 'other'] as const;

interface ExportPanelProps {
  suggestion: string;
  exported: Answer<ExportResult>;
  onExport(request: Calls['exportAdapter']['argument']): Promise<ExportResult | undefined>;
}

function download({ file_name, zip }: ExportResult): void {
  // By its type the array could be a view of shared memory, which a Blob does not take; so it is copied.
  const address = URL.createObjectURL(new Blob([new Uint8Array(zip)], { type: 'application/zip' }));
  const link = Object.assign(document.createElement('a'), { href: address, download: file_name });
  link.click();
  // The browser needs the address until it has begun to read.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

export function ExportPanel({ suggestion, exported, onExport }: ExportPanelProps) {
  const [name, setName] = useState(suggestion);
  const [licence, setLicence] = useState<(typeof licences)[number]>('apache-2.0');
  const [ofData, setOfData] = useState(false);
  const [layout, setLayout] = useState<ExportLayout>('auto');
  const { value, error, pending } = exported;
  return (
    <div className="export">
      <label htmlFor="export-name">Name</label>
      <input id="export-name" className="input" value={name} autoComplete="off" onChange={({ target }) => setName(target.value)} />
      <span className="label">Licence of the adapter</span>
      <Choice<(typeof licences)[number]>
        label="Licence of the adapter"
        value={licence}
        items={licences.map((each) => ({ value: each, label: each }))}
        onChange={setLicence}
      />
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
        <input type="checkbox" checked={ofData} onChange={({ target }) => setOfData(target.checked)} /> Test it on texts of my data
      </label>
      <p className="small muted">
        {ofData
          ? 'Up to eight texts of the evaluation data go into the zip, with their logits. Whoever gets it can read them.'
          : 'Eight made-up sentences go into the zip, with their logits, so that others can check it. No text of your data does.'}
      </p>
      <button
        type="button"
        className="button button-primary"
        disabled={pending || name.trim() === ''}
        onClick={() =>
          void onExport({ name: name.trim(), licence, layout, self_test_texts: ofData ? 'data' : 'bundled' }).then(
            (result) => result !== undefined && download(result),
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
            {number(value.verified.largest_difference)} on {plural(value.verified.texts, 'text')}
            {value.self_test_texts === 'data' ? ' of the data, which it carries' : ', made up'}
          </p>
          {value.not_peft !== undefined && (
            <p className="small muted">{value.not_peft} It is in Retrace's own layout, which its Python package loads.</p>
          )}
          <PushToHub key={value.file_name} fileName={value.file_name} readers={value.self_test_texts === 'data' ? 'data' : 'made up'} />
        </>
      )}
    </div>
  );
}

interface ImportPanelProps {
  imported: Answer<ImportResult>;
  /** Why no adapter can be imported now. */
  busy: string | undefined;
  /** The base of the adapter that was refused, by the name that it has on the hub. */
  baseWanted: string | undefined;
  /** The hub's address. */
  endpoint: string;
  onLookUp(name: string): void;
  onImport(adapter: AdapterSource): void;
}

/** Logits as documented in the format are compared to this. */
const TOLERANCE = 1e-4;

export function ImportPanel({ imported, busy, baseWanted, endpoint, onLookUp, onImport }: ImportPanelProps) {
  const { value, error, pending } = imported;
  const texts = value?.verified.texts ?? [];
  const take = (adapter: AdapterSource | undefined) => {
    if (adapter !== undefined && busy === undefined) onImport(adapter);
  };
  const same = value !== undefined && value.verified.largest_difference <= TOLERANCE;
  return (
    <>
      <DropZone
        hint="A zip that Retrace exported, or a folder that PEFT or AdapterHub's library saved. The model it was trained on must be the one chosen."
        onDrop={(transfer) => void adapterOfDropped(transfer).then(take)}
      >
        <Pick
          accept=".zip,application/zip"
          disabled={busy !== undefined}
          label={
            <>
              <Icon name="file" /> {pending ? 'Reading …' : 'Choose a zip'}
            </>
          }
          onPick={(files) => take(adapterOfPicked(files))}
        />
        <Pick
          folder
          disabled={busy !== undefined}
          label={
            <>
              <Icon name="folder" /> Choose a folder
            </>
          }
          onPick={(files) => take(adapterOfPicked(files))}
        />
        <span className="muted">or drop it here</span>
      </DropZone>
      <NameField
        label="Or an adapter on the hub"
        placeholder="org/name, or the address of its page"
        value=""
        endpoint={endpoint}
        pending={pending || busy !== undefined}
        action={{ label: 'Import it', pending: pending ? 'Reading …' : 'Import it' }}
        onLookUp={(text) => {
          const typed = typedRepo(text);
          if (typed !== undefined) take({ hub: shownName(typed) });
        }}
      />
      {busy !== undefined && !pending && <p className="small muted">{busy}</p>}
      {error !== undefined && <ErrorNote error={error} />}
      {error !== undefined && baseWanted !== undefined && (
        <div className="row">
          <button type="button" className="button" onClick={() => onLookUp(baseWanted)}>
            <Icon name="download" /> Look up its base, {baseWanted}
          </button>
          <span className="small muted">Sends that name to the hub. Then import the adapter again.</span>
        </div>
      )}
      {value !== undefined && (
        <>
          <p className={same ? 'verdict verdict-good' : 'verdict verdict-bad'} role="status">
            <Icon name={same ? 'check' : 'alert'} />
            {value.name} ({value.method}, {plural(value.labels.length, 'label')}):{' '}
            {texts.length === 0
              ? 'read. It carries no self-test, so its logits were not compared'
              : `${same ? 'the same logits' : 'other logits'}, largest difference ${number(value.verified.largest_difference)}`}
          </p>
          {value.notes.map((note) => (
            <p key={note} className="small muted">
              {note}
            </p>
          ))}
          {texts.length > 0 && (
            <Numbers
              caption="Recorded and computed logits"
              head={['Text', 'Label', 'Recorded', 'Computed']}
              rows={texts.map((text, i) => {
                const recorded = value.verified.recorded[i] ?? [];
                const top = recorded.reduce((at, logit, index) => (logit > (recorded[at] ?? 0) ? index : at), 0);
                return [text, value.labels[top] ?? '', number(recorded[top] ?? 0), number(value.verified.computed[i]?.[top] ?? 0)];
              })}
            />
          )}
        </>
      )}
    </>
  );
}
