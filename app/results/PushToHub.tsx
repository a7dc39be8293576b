// How an exported zip gets to the hub: the page sends nothing itself, so it gives the command that does.

import { useId, useState } from 'react';
import type { InputWord } from '../../src/protocol/cards.ts';
import { CopyLine } from '../ui/CopyLine.tsx';
import { pushCommands, repoNameOf } from './push_commands.ts';

interface PushToHubProps {
  fileName: string;
  /** What it was tested on. */
  example: InputWord;
  readers: 'made up' | 'data';
}

export function PushToHub({ fileName, example, readers }: PushToHubProps) {
  const id = useId();
  const [repo, setRepo] = useState(`your-name/${repoNameOf(fileName)}`);
  return (
    <div className="push">
      <h3>Put it on the hub</h3>
      <p className="small muted">
        The page uploads nothing. Run one of these in the folder of the download, signed in by hf auth login: it uploads the adapter with
        its model card. A new repository is public.
        {readers === 'data' &&
          ` The adapter carries ${example}s of your data, which everyone who may see the repository can ${example === 'text' ? 'read' : 'see'}.`}
      </p>
      <label htmlFor={id}>Repository</label>
      <input
        id={id}
        className="input"
        value={repo}
        autoComplete="off"
        spellCheck={false}
        onChange={({ target }) => setRepo(target.value)}
      />
      {pushCommands(fileName, repo.trim() === '' ? 'your-name/adapter' : repo.trim()).map(({ title, line }) => (
        <CopyLine key={title} title={title} line={line} />
      ))}
    </div>
  );
}
