// The confusion matrix: a table where its numbers can be read, a picture of it where there are too many labels, and in any case what is most often
// mistaken for what, and how each label fares. What is mistaken opens the examples that were (MistakesView.tsx).

import { type MouseEvent, useEffect, useRef } from 'react';
import type { Confusion } from '../../src/protocol/messages.ts';
import { countText } from '../../src/protocol/sentences.ts';
import { Figure, Numbers } from '../ui/Figure.tsx';
import { percent } from '../ui/format.ts';
import { mistakesOf, scoresOf } from './confusion.ts';
import type { Cell } from './mistakes.ts';

/** More labels than these do not fit a table on a laptop. */
const READABLE = 16;

interface ConfusionViewProps {
  confusion: Confusion;
  theme: string;
  /** What the examples are, one of them. */
  example: string;
  /** The cell whose examples are shown. */
  cell: Cell | undefined;
  /** Of those that have examples to show. */
  opens(cell: Cell): boolean;
  onCell(cell: Cell): void;
}

export function ConfusionView({ confusion, theme, example, cell, opens, onCell }: ConfusionViewProps) {
  const mistakes = mistakesOf(confusion);
  const scores = scoresOf(confusion);
  const { labels } = confusion;
  return (
    <>
      <Figure
        title="Confusion"
        note="Rows are the true labels, columns what the model said."
        picture={
          labels.length <= READABLE ? (
            <Matrix {...{ confusion, cell, opens, onCell }} />
          ) : (
            <MatrixImage {...{ confusion, theme, opens, onCell }} />
          )
        }
        table={() => (
          <Numbers
            caption="Mistakes, most frequent first"
            head={['Truth', 'Taken for', 'Times']}
            rows={mistakes.map(({ actual, predicted, count }) => [actual, predicted, count])}
          />
        )}
      />
      <div className="two">
        <section aria-label="Most frequent mistakes">
          <h3>Most often mistaken</h3>
          {mistakes.length === 0 ? <p className="muted">Nothing.</p> : null}
          <ol className="mistakes">
            {mistakes.slice(0, 10).map(({ actual, predicted, count, at }) => (
              <li key={`${at.actual} ${at.predicted}`}>
                <span>
                  <strong>{actual}</strong> taken for <strong>{predicted}</strong>
                </span>
                {opens(at) ? (
                  <button type="button" className="link" onClick={() => onCell(at)} aria-label={openText(confusion, at)}>
                    {countText(count)}
                  </button>
                ) : (
                  <span className="count">{countText(count)}</span>
                )}
              </li>
            ))}
          </ol>
        </section>
        <section aria-label="Scores of each label">
          <h3>Each label, worst first</h3>
          <div className="tall-scroll">
            <Numbers
              caption="Scores of each label, worst first"
              head={['Label', 'F1', 'Precision', 'Recall', `${example[0]?.toUpperCase()}${example.slice(1)}s`]}
              rows={scores
                .toSorted((a, b) => a.f1 - b.f1)
                .map((score) => [
                  score.label,
                  percent(score.f1),
                  percent(score.precision),
                  percent(score.recall),
                  countText(score.support),
                ])}
            />
          </div>
        </section>
      </div>
    </>
  );
}

const openText = ({ labels, counts }: Confusion, { actual, predicted }: Cell): string =>
  `Show the ${counts[actual]?.[predicted] ?? 0} of ${labels[actual] ?? ''} taken for ${labels[predicted] ?? ''}`;

type MatrixProps = Pick<ConfusionViewProps, 'confusion' | 'cell' | 'opens' | 'onCell'>;

function Matrix({ confusion, cell, opens, onCell }: MatrixProps) {
  const { labels, counts } = confusion;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (axe: scrollable-region-focusable).
    <section className="scroll scroll-wide" tabIndex={0} aria-label="Confusion matrix">
      <table className="matrix">
        <caption className="hidden">Confusion matrix: rows are true labels, columns predictions</caption>
        <thead>
          <tr>
            <td />
            {labels.map((label) => (
              <th key={label} scope="col" title={label}>
                <span>{label}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {labels.map((label, i) => {
            const row = counts[i] ?? [];
            const all = row.reduce((sum, count) => sum + count, 0);
            return (
              <tr key={label}>
                <th scope="row" title={label}>
                  {label}
                </th>
                {labels.map((other, j) => {
                  const count = row[j] ?? 0;
                  const share = all === 0 ? 0 : count / all;
                  const at = { actual: i, predicted: j };
                  return (
                    <td
                      key={other}
                      className={i === j ? 'right' : count > 0 ? 'mistake' : ''}
                      style={{ '--share': share } as React.CSSProperties}
                    >
                      {count === 0 ? (
                        <span className="zero">·</span>
                      ) : i !== j && opens(at) ? (
                        <button
                          type="button"
                          className="matrix-open"
                          aria-label={openText(confusion, at)}
                          aria-pressed={cell?.actual === i && cell.predicted === j}
                          onClick={() => onCell(at)}
                        >
                          {count}
                        </button>
                      ) : (
                        count
                      )}
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

const SIDE = 600;

function MatrixImage({ confusion, theme, opens, onCell }: Omit<MatrixProps, 'cell'> & { theme: string }) {
  const ref = useRef<HTMLCanvasElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `theme` changes the colours that are read from the style sheet.
  useEffect(() => {
    const context = ref.current?.getContext('2d');
    if (!context) return;
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const cell = SIDE / confusion.labels.length;
    context.clearRect(0, 0, SIDE, SIDE);
    for (const [i, row] of confusion.counts.entries()) {
      const all = row.reduce((sum, count) => sum + count, 0);
      for (const [j, count] of row.entries()) {
        if (count === 0) continue;
        context.fillStyle = colour(i === j ? '--category-activation' : '--category-gradient');
        // A single mistake must be seen, so colour begins well above nothing.
        context.globalAlpha = 0.3 + 0.7 * (count / all);
        context.fillRect(j * cell, i * cell, Math.max(1, cell - 0.5), Math.max(1, cell - 0.5));
      }
    }
    context.globalAlpha = 1;
  }, [confusion, theme]);
  const { labels } = confusion;
  const cellAt = ({ nativeEvent: { offsetX, offsetY }, currentTarget }: MouseEvent<HTMLCanvasElement>): Cell => {
    const at = (offset: number) => Math.floor((offset / currentTarget.clientWidth) * labels.length);
    return { actual: at(offsetY), predicted: at(offsetX) };
  };
  // The list of the most frequent mistakes opens the same with a keyboard.
  return (
    <canvas
      ref={ref}
      className="matrix-image"
      width={SIDE}
      height={SIDE}
      role="img"
      aria-label={`Confusion matrix of ${labels.length} labels; the table lists the mistakes.`}
      onClick={(event) => {
        const at = cellAt(event);
        if (at.actual !== at.predicted && opens(at)) onCell(at);
      }}
      onPointerMove={(event) => {
        const { actual, predicted } = cellAt(event);
        event.currentTarget.title = `${labels[actual] ?? ''} → ${labels[predicted] ?? ''}: ${confusion.counts[actual]?.[predicted] ?? 0}`;
      }}
    />
  );
}
