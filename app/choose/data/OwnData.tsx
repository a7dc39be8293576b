// A table of one's own: a file picked or dropped, or rows pasted.

import { useState } from 'react';
import type { Learned } from '../../../src/protocol/cards.ts';
import type { DataRef } from '../../../src/protocol/config.ts';
import { DropZone, Pick } from '../../ui/DropZone.tsx';
import { dataOfFiles, dataOfPasted } from '../../ui/files.ts';
import { Icon } from '../../ui/icons.tsx';

/** A longer paste is used at once instead of shown: laying out thousands of lines in a text field freezes the page for seconds. */
const EDITABLE = 20_000;

/** Rows as a task reads them. */
const placeholders: Readonly<Record<Learned, string>> = {
  class: 'text,label\nI like it,good\nI do not,bad',
  number: 'text,stars\nI like it,5\nI do not,1.5',
  choice: 'question,A,B,answer\nWhat is wet?,water,sand,A\nWhat is hot?,ice,fire,B',
  text: 'text,summary\nIt rained from morning to night.,a wet day',
  continuation: 'text\nOnce upon a time there was a king.\nHe had three daughters.',
};

export function OwnData({ learns, onData }: { learns: Learned; onData(data: DataRef): void }) {
  const [pasting, setPasting] = useState(false);
  const [text, setText] = useState('');
  return (
    <DropZone
      hint="CSV, TSV, JSON, JSON Lines or Parquet. It stays on this machine: there is no server to send it to."
      onDrop={(transfer) => {
        const data = dataOfFiles(transfer.files);
        if (data !== undefined) onData(data);
      }}
    >
      <Pick
        several
        accept=".csv,.tsv,.tab,.txt,.json,.jsonl,.ndjson,.parquet,.lst,text/csv,text/tab-separated-values,application/json"
        icon="file"
        label="Choose a file"
        onPick={(files) => {
          const data = dataOfFiles(files);
          if (data !== undefined) onData(data);
        }}
      />
      <button type="button" className="button" aria-expanded={pasting} onClick={() => setPasting(!pasting)}>
        <Icon name="paste" /> Paste text
      </button>
      <span className="muted">or drop a file here</span>
      {pasting && (
        <div className="paste">
          <textarea
            className="input"
            rows={6}
            aria-label="Rows to paste, one a line"
            placeholder={placeholders[learns]}
            value={text}
            onChange={({ target }) => setText(target.value)}
            onPaste={(event) => {
              const pasted = event.clipboardData.getData('text');
              if (pasted.length <= EDITABLE) return;
              event.preventDefault();
              onData(dataOfPasted(pasted));
            }}
          />
          <button type="button" className="button" disabled={text.trim() === ''} onClick={() => onData(dataOfPasted(text))}>
            Use these rows
          </button>
        </div>
      )}
    </DropZone>
  );
}
