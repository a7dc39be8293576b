// A command to take along: the line, and a button that copies it.

import { useState } from 'react';
import { Icon } from './icons.tsx';

export function CopyLine({ title, line }: { title: string; line: string }) {
  // Which line was copied, so that "copied" is not shown for another.
  const [copied, setCopied] = useState<string>();
  const copy = () =>
    void navigator.clipboard?.writeText(line).then(
      () => setCopied(line),
      () => setCopied(undefined),
    );
  return (
    <div className="copy-line">
      <div className="copy-head">
        <span className="small muted">{title}</span>
        <button type="button" className="quiet" onClick={copy} aria-label={`Copy: ${title}`}>
          <Icon name={copied === line ? 'check' : 'paste'} /> {copied === line ? 'Copied' : 'Copy'}
        </button>
      </div>
      <pre>
        <code>{line}</code>
      </pre>
    </div>
  );
}
