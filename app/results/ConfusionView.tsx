// The confusion matrix: a table where its numbers can be read, a picture of it where there are too many labels, and in any case what is most often
// mistaken for what, and how each label fares.

import { useEffect, useRef } from 'react';
import type { Confusion } from '../../src/protocol/messages.ts';
import { countText } from '../../src/protocol/sentences.ts';
import { Figure, Numbers } from '../ui/Figure.tsx';
import { percent } from '../ui/format.ts';
import { mistakesOf, scoresOf } from './confusion.ts';

/** More labels than these do not fit a table on a laptop. */
const READABLE = 16;

export function ConfusionView({ confusion, theme }: { confusion: Confusion; theme: string }) {
  const mistakes = mistakesOf(confusion);
  const scores = scoresOf(confusion);
  const { labels } = confusion;
  return (
    <>
      <Figure
        title="Confusion"
        note="Rows are the true labels, columns what the model said."
        picture={labels.length <= READABLE ? <Matrix confusion={confusion} /> : <MatrixImage confusion={confusion} theme={theme} />}
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
            {mistakes.slice(0, 10).map(({ actual, predicted, count }) => (
              <li key={`${actual} ${predicted}`}>
                <span>
                  <strong>{actual}</strong> taken for <strong>{predicted}</strong>
                </span>
                <span className="count">{countText(count)}</span>
              </li>
            ))}
          </ol>
        </section>
        <section aria-label="Scores of each label">
          <h3>Each label, worst first</h3>
          <div className="tall-scroll">
            <Numbers
              caption="Scores of each label, worst first"
              head={['Label', 'F1', 'Precision', 'Recall', 'Texts']}
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

function Matrix({ confusion: { labels, counts } }: { confusion: Confusion }) {
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
                  return (
                    <td
                      key={other}
                      className={i === j ? 'right' : count > 0 ? 'mistake' : ''}
                      style={{ '--share': share } as React.CSSProperties}
                    >
                      {count === 0 ? <span className="zero">·</span> : count}
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

function MatrixImage({ confusion, theme }: { confusion: Confusion; theme: string }) {
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
  return (
    <canvas
      ref={ref}
      className="matrix-image"
      width={SIDE}
      height={SIDE}
      role="img"
      aria-label={`Confusion matrix of ${labels.length} labels; the table lists the mistakes.`}
      onPointerMove={({ nativeEvent, currentTarget }) => {
        const at = (offset: number) => Math.floor((offset / currentTarget.clientWidth) * labels.length);
        const [actual, predicted] = [at(nativeEvent.offsetY), at(nativeEvent.offsetX)];
        currentTarget.title = `${labels[actual] ?? ''} → ${labels[predicted] ?? ''}: ${confusion.counts[actual]?.[predicted] ?? 0}`;
      }}
    />
  );
}
