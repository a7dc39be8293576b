// A question of one's own with its answers, and which of them the model chooses. Not here: texts without answers (TrySentence.tsx).

import { useEffect, useId, useState } from 'react';
import type { AskedText, Prediction } from '../../src/protocol/messages.ts';
import type { Answer } from '../state/answer.ts';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { number } from '../ui/format.ts';
import { Probabilities } from './Probabilities.tsx';

interface TryChoicesProps {
  /** What it learned from has a passage before each question. */
  passage: boolean;
  prediction: Answer<Prediction>;
  /** Another adapter is being imported: afterwards it is asked what stands there. */
  importing: boolean;
  onAsk(asked: AskedText | undefined): void;
}

const [FEWEST, MOST] = [2, 5];

/** What is asked once a question and two answers are there. */
function askedOf(before: string, question: string, answers: readonly string[]): AskedText | undefined {
  const choices = answers.map((answer) => answer.trim()).filter((answer) => answer !== '');
  if (question.trim() === '' || choices.length < FEWEST) return undefined;
  return before.trim() === '' ? { text: question, choices } : { text: before, text_pair: question, choices };
}

export function TryChoices({ passage, prediction: { value, error, pending }, importing, onAsk }: TryChoicesProps) {
  const id = useId();
  const [before, setBefore] = useState('');
  const [question, setQuestion] = useState('');
  const [answers, setAnswers] = useState<readonly string[]>([]);
  const filled = answers.findLastIndex((answer) => answer.trim() !== '') + 1;
  const fields = Array.from({ length: Math.min(MOST, Math.max(FEWEST, filled + 1)) }, (_, place) => answers[place] ?? '');
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is typed is asked as it is typed; here, only when the model has changed.
  useEffect(() => {
    if (!importing) onAsk(askedOf(before, question, answers));
  }, [importing]);
  return (
    <form
      className="try"
      onSubmit={(event) => {
        event.preventDefault();
        onAsk(askedOf(before, question, answers));
      }}
    >
      {passage && (
        <>
          <label htmlFor={`${id}-passage`}>Passage before it</label>
          <textarea
            id={`${id}-passage`}
            className="input"
            rows={3}
            value={before}
            onChange={({ target }) => {
              setBefore(target.value);
              onAsk(askedOf(target.value, question, answers));
            }}
          />
        </>
      )}
      <label htmlFor={`${id}-question`}>Your question</label>
      <input
        id={`${id}-question`}
        className="input input-large"
        autoComplete="off"
        placeholder="What do plants need to grow?"
        value={question}
        onChange={({ target }) => {
          setQuestion(target.value);
          onAsk(askedOf(before, target.value, answers));
        }}
      />
      <fieldset className="try-answers">
        <legend>Answers to choose among</legend>
        {fields.map((answer, place) => (
          <input
            // biome-ignore lint/suspicious/noArrayIndexKey: an answer is its place.
            key={place}
            className="input"
            autoComplete="off"
            aria-label={`Answer ${place + 1}`}
            placeholder={place === 0 ? 'sunlight' : place === 1 ? 'moonlight' : 'another answer'}
            value={answer}
            onChange={({ target }) => {
              const next = fields.with(place, target.value);
              setAnswers(next);
              onAsk(askedOf(before, question, next));
            }}
          />
        ))}
      </fieldset>
      {error !== undefined && <ErrorNote error={error} />}
      {value?.probabilities !== undefined && (
        <div aria-busy={pending}>
          <Probabilities
            said={value.label}
            labels={value.choices ?? []}
            probabilities={value.probabilities}
            notes={value.log_likelihoods?.map((sum) => `log-likelihood ${number(sum)}`)}
          />
          {value.log_likelihoods !== undefined && (
            <p className="small muted">
              By the log-likelihood of each answer behind the question, as they stand above:{' '}
              {value.log_likelihoods
                .toSorted((a, b) => b - a)
                .map(number)
                .join(', ')}
              .
            </p>
          )}
          {value.truncated && <p className="small wrong">This is longer than the model was set up for, and was cut.</p>}
        </div>
      )}
    </form>
  );
}
