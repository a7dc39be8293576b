// An adapter in: a zip, a folder, or one of the hub, with its logits compared.

import type { InputWord } from '../../src/protocol/cards.ts';
import type { AdapterSource } from '../../src/protocol/config.ts';
import type { ImportResult } from '../../src/protocol/messages.ts';
import { plural } from '../../src/protocol/sentences.ts';
import { NameField } from '../hub/NameField.tsx';
import type { Answer } from '../state/answer.ts';
import { shownName, typedRepo } from '../state/hub/typed.ts';
import { DropZone, Pick } from '../ui/DropZone.tsx';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { Numbers } from '../ui/Figure.tsx';
import { adapterOfDropped, adapterOfPicked } from '../ui/files.ts';
import { number } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';

interface ImportPanelProps {
  imported: Answer<ImportResult>;
  /** What the imported adapter reads. */
  example: InputWord;
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

export function ImportPanel({ imported, example, busy, baseWanted, endpoint, onLookUp, onImport }: ImportPanelProps) {
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
          icon="file"
          label={pending ? 'Reading …' : 'Choose a zip'}
          onPick={(files) => take(adapterOfPicked(files))}
        />
        <Pick folder disabled={busy !== undefined} icon="folder" label="Choose a folder" onPick={(files) => take(adapterOfPicked(files))} />
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
              head={[example === 'text' ? 'Text' : 'Picture', 'Label', 'Recorded', 'Computed']}
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
