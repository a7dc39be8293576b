// A sentence of one's own, and what the model says of it: how likely each label is, or a number.

import { useEffect, useState } from 'react';
import type { Prediction } from '../../src/protocol/messages.ts';
import type { Answer } from '../state/answer.ts';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { number } from '../ui/format.ts';
import { Probabilities } from './Probabilities.tsx';

interface TrySentenceProps {
  labels: readonly string[];
  pair: boolean;
  /** What a number that is predicted is called. */
  what: string;
  prediction: Answer<Prediction>;
  /** Another adapter is being imported: afterwards the text in the field is predicted again, by that adapter. */
  importing: boolean;
  onText(text: string, textPair?: string): void;
}

export function TrySentence({ labels, pair, what, prediction, importing, onText }: TrySentenceProps) {
  const [text, setText] = useState('');
  const [second, setSecond] = useState('');
  const { value, error, pending } = prediction;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text is asked as it is typed; here, only when the model has changed.
  useEffect(() => {
    if (!importing && text.trim() !== '') onText(text, second);
  }, [importing]);
  return (
    <form
      className="try"
      onSubmit={(event) => {
        event.preventDefault();
        onText(text, second);
      }}
    >
      <label htmlFor="try-text">{pair ? 'First text' : 'Your sentence'}</label>
      <input
        id="try-text"
        className="input input-large"
        autoComplete="off"
        placeholder={labels.length > 0 && !pair ? 'is my card going to work in lisbon' : undefined}
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          onText(target.value, second);
        }}
      />
      {pair && (
        <>
          <label htmlFor="try-second">Second text</label>
          <input
            id="try-second"
            className="input input-large"
            autoComplete="off"
            value={second}
            onChange={({ target }) => {
              setSecond(target.value);
              onText(text, target.value);
            }}
          />
        </>
      )}
      {error !== undefined && <ErrorNote error={error} />}
      {value !== undefined && (
        <div aria-busy={pending}>
          {value.value !== undefined && <PredictedNumber what={what} value={value.value} />}
          {value.perplexity !== undefined && <PredictedNumber what="Perplexity" value={value.perplexity} />}
          {value.probabilities !== undefined && <Probabilities said={value.label} labels={labels} probabilities={value.probabilities} />}
          {value.truncated && <p className="small wrong">The text is longer than the model was set up for, and was cut.</p>}
        </div>
      )}
    </form>
  );
}

function PredictedNumber({ what, value }: { what: string; value: number }) {
  return (
    <div role="status" aria-label="Prediction">
      <dl className="metrics">
        <div>
          <dt>{what}</dt>
          <dd>{number(value)}</dd>
        </div>
      </dl>
    </div>
  );
}
