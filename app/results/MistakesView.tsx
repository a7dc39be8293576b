// What it got wrong, the most confident first: thumbnails of pictures, lines of texts. Of all, or of the cell of the confusion table that is open.

import { type Ref, useEffect, useState } from 'react';
import { type Inputs, inputWord } from '../../src/protocol/cards.ts';
import type { Calls, Confusion, Mistake } from '../../src/protocol/messages.ts';
import { countText, plural } from '../../src/protocol/sentences.ts';
import { Figure, Numbers } from '../ui/Figure.tsx';
import { percent } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import { Thumbnail } from '../ui/Thumbnail.tsx';
import { type Cell, mistakesAt, wrongIn } from './mistakes.ts';

type Example = Calls['evaluationTexts']['answer'][number];

interface MistakesViewProps {
  mistakes: readonly Mistake[];
  confusion: Confusion;
  inputs: Inputs;
  cell: Cell | undefined;
  onCell(cell: Cell | undefined): void;
  /** Whether the worker holds the model that was evaluated, and with it the examples. */
  held: boolean;
  examplesOf(at: readonly number[]): Promise<readonly Example[]>;
  ref: Ref<HTMLDivElement>;
}

/** Shown at first, and with each further click. */
const STEP = 24;

export function MistakesView({ mistakes, confusion, inputs, cell, onCell, held, examplesOf, ref }: MistakesViewProps) {
  const [shown, setShown] = useState(STEP);
  const { labels } = confusion;
  const all = mistakesAt(mistakes, cell);
  const some = all.slice(0, shown);
  const examples = useExamples(some, held, examplesOf);
  const textOf = ({ at }: Mistake) => describedAs(examples.get(at)) || `example ${at + 1}`;
  const nameOf = (label: number) => labels[label] ?? `label ${label}`;
  const of = wrongIn(confusion, cell);
  const what = inputWord[inputs];
  return (
    <div className="got-wrong" ref={ref}>
      <Figure
        title="What it got wrong"
        note={
          <p className="row" role="status">
            <span>
              {cell !== undefined && (
                <>
                  <strong>{nameOf(cell.actual)}</strong> taken for <strong>{nameOf(cell.predicted)}</strong>:{' '}
                </>
              )}
              {all.length < of
                ? `${cell === undefined ? 'The' : 'the'} ${countText(all.length)} most confident of ${plural(of, what)}.`
                : `${plural(of, what)}${of > 1 ? ', the most confident first' : ''}.`}
            </span>
            {cell !== undefined && (
              <button type="button" className="link" onClick={() => onCell(undefined)}>
                <Icon name="reset" /> Show all that it got wrong
              </button>
            )}
          </p>
        }
        picture={
          inputs === 'image' ? (
            <ul className="wrong-pictures" aria-label="Pictures that it got wrong">
              {some.map((mistake) => (
                <WrongPicture key={mistake.at} {...mistake} example={examples.get(mistake.at)} name={textOf(mistake)} nameOf={nameOf} />
              ))}
            </ul>
          ) : (
            <ul className="wrong-texts" aria-label="Texts that it got wrong">
              {some.map((mistake) => (
                <li key={mistake.at}>
                  <p>{textOf(mistake)}</p>
                  <Said {...mistake} nameOf={nameOf} />
                </li>
              ))}
            </ul>
          )
        }
        table={() => (
          <Numbers
            caption="What it got wrong, the most confident first"
            head={[inputs === 'image' ? 'Picture' : 'Text', 'Truth', 'Taken for', 'Probability']}
            rows={some.map((mistake) => [
              textOf(mistake),
              nameOf(mistake.actual),
              nameOf(mistake.predicted),
              percent(mistake.probability, 1),
            ])}
          />
        )}
      />
      {some.length < all.length && (
        <button type="button" className="button" onClick={() => setShown(shown + STEP)}>
          Show {Math.min(STEP, all.length - some.length)} more
        </button>
      )}
    </div>
  );
}

const describedAs = (example: Example | undefined): string =>
  example === undefined ? '' : [example.text, example.text_pair].filter((text) => text !== undefined).join(' / ');

interface SaidProps extends Mistake {
  nameOf(label: number): string;
}

const Said = ({ actual, predicted, probability, nameOf }: SaidProps) => (
  <p className="small">
    <strong>{nameOf(actual)}</strong> <span className="muted">taken for</span> <strong>{nameOf(predicted)}</strong>{' '}
    <span className="muted said-share">{percent(probability, 1)}</span>
  </p>
);

function WrongPicture({ example, name, ...said }: SaidProps & { example: Example | undefined; name: string }) {
  const alt = `${said.nameOf(said.actual)}: ${name}`;
  return (
    <li>
      {example?.picture === undefined ? (
        <span className="thumbnail" data-size="large" role="img" aria-label={alt} title={alt}>
          {name}
        </span>
      ) : (
        <Thumbnail blob={example.picture} alt={alt} size="large" />
      )}
      <Said {...said} />
    </li>
  );
}

/** The examples of these mistakes, by their places; each is asked for once. */
function useExamples(
  mistakes: readonly Mistake[],
  held: boolean,
  examplesOf: MistakesViewProps['examplesOf'],
): ReadonlyMap<number, Example> {
  const [known, setKnown] = useState<ReadonlyMap<number, Example>>(new Map());
  const missing = mistakes.map(({ at }) => at).filter((at) => !known.has(at));
  const asked = missing.join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `asked` says what is missing.
  useEffect(() => {
    if (!held || missing.length === 0) return;
    let current = true;
    void examplesOf(missing).then((found) => {
      if (!current || found.length === 0) return;
      setKnown((before) => new Map([...before, ...missing.flatMap((at, i) => (found[i] === undefined ? [] : [[at, found[i]] as const]))]));
    });
    return () => {
      current = false;
    };
  }, [asked, held, examplesOf]);
  return known;
}
