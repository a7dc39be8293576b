// A prompt of one's own, and what the model writes behind it, as it comes.

import { useState } from 'react';
import { defaultGeneration, type GenerationOptions } from '../../src/protocol/config.ts';
import { generationEntries } from '../options/entries.ts';
import { OptionGroup } from '../options/OptionGroup.tsx';
import type { WritingState } from '../state/writing.ts';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { plural } from '../ui/format.ts';
import { Unfold } from '../ui/Unfold.tsx';

interface TryWritingProps {
  writing: WritingState;
  onWrite(prompt: string, options: Partial<GenerationOptions>): void;
  onStop(): void;
}

/** What ended a text, in words that follow the number of its tokens. */
const ended = {
  end: 'the model ended it',
  'stop string': 'it came to a text to stop at',
  length: 'it is as long as it may be',
  stopped: 'you stopped it',
} as const;

export function TryWriting({ writing, onWrite, onStop }: TryWritingProps) {
  const [prompt, setPrompt] = useState('');
  const [options, setOptions] = useState<Partial<GenerationOptions>>({});
  const { value, error, pending } = writing;
  return (
    <form
      className="try"
      onSubmit={(event) => {
        event.preventDefault();
        if (!pending) onWrite(prompt, options);
      }}
    >
      <label htmlFor="try-prompt">Your prompt</label>
      <textarea
        id="try-prompt"
        className="input input-large"
        rows={3}
        placeholder="Once upon a time"
        value={prompt}
        onChange={({ target }) => setPrompt(target.value)}
      />
      <Unfold title="How it is written">
        <OptionGroup
          entries={generationEntries({ ...defaultGeneration, ...options })}
          onChange={(name, next) => setOptions({ ...options, [name]: next })}
        />
      </Unfold>
      {pending ? (
        <button type="button" className="button" onClick={onStop}>
          Stop
        </button>
      ) : (
        <button type="submit" className="button button-primary">
          Write
        </button>
      )}
      {error !== undefined && <ErrorNote error={error} />}
      {value !== undefined && (
        <>
          <p className="written" aria-busy={pending}>
            <span className="muted">{value.prompt}</span>
            {value.goes_on === false && '\n'}
            {value.text}
          </p>
          <p className="small muted" role="status">
            {value.finish === undefined ? 'Writing…' : `${plural(value.tokens ?? 0, 'token')}; ${ended[value.finish]}.`}
          </p>
        </>
      )}
    </form>
  );
}
