// A prompt of one's own, and what the model writes behind it, as it comes.

import { useState } from 'react';
import { defaultGeneration, type GenerationOptions } from '../../src/protocol/config.ts';
import { plural } from '../../src/protocol/sentences.ts';
import { generationEntries } from '../options/entries.ts';
import { OptionGroup } from '../options/OptionGroup.tsx';
import type { WritingState } from '../state/writing.ts';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { Unfold } from '../ui/Unfold.tsx';

interface TryWritingProps {
  /** What is written goes on with the text, rather than answering it. */
  goesOn: boolean;
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

const endedAs = (finish: keyof typeof ended, tokens: number): string =>
  finish === 'end' && tokens === 0 ? 'the model ended it before its first word' : ended[finish];

export function TryWriting({ goesOn, writing, onWrite, onStop }: TryWritingProps) {
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
      <label htmlFor="try-prompt">{goesOn ? 'Your prompt' : 'Your text'}</label>
      <textarea
        id="try-prompt"
        className="input input-large"
        rows={3}
        placeholder={goesOn ? 'Once upon a time' : 'A text like those that it learned to write for'}
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
            {value.finish === undefined
              ? 'Writing…'
              : `${plural(value.tokens ?? 0, 'token')}; ${endedAs(value.finish, value.tokens ?? 0)}.`}
          </p>
        </>
      )}
    </form>
  );
}
