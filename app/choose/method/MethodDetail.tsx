// The chosen method at a second look: the picture with its legend, the paper, every option with its default and the reason for it.

import type { MethodCard } from '../../../src/protocol/cards.ts';
import { MethodDiagram } from './MethodDiagram.tsx';

export function MethodDetail({ card }: { card: MethodCard }) {
  const { title, summary, paper, diagram, options } = card;
  return (
    <section className="method-detail" aria-label={`About ${title}`}>
      <figure className="method-figure">
        <MethodDiagram diagram={diagram} />
        <figcaption>
          <ul className="legend">
            <li>
              <span className="swatch key-frozen" /> frozen
            </li>
            <li>
              <span className="swatch key-trains" /> trains
            </li>
            <li>
              <span className="swatch key-kept" /> kept for the backward pass
            </li>
          </ul>
        </figcaption>
      </figure>
      <div className="method-about">
        <h3>{title}</h3>
        <p>{summary}</p>
        {paper !== undefined && (
          <p className="small">
            <a href={paper.url} target="_blank" rel="noreferrer">
              {paper.title}
            </a>
          </p>
        )}
      </div>
      {options.length > 0 && (
        <table className="method-options">
          <caption className="hidden">Options of {title}</caption>
          <thead>
            <tr>
              <th scope="col">Option</th>
              <th scope="col">Default</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {options.map(({ key, label, default: standard, reason }) => (
              <tr key={key}>
                <th scope="row">{label}</th>
                <td>{standard}</td>
                <td className="muted">
                  <Reason text={reason} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** A reason names at most one value, between backticks. */
function Reason({ text }: { text: string }) {
  const [before, code, after] = text.split('`');
  return (
    <>
      {before}
      {code !== undefined && <code>{code}</code>}
      {after}
    </>
  );
}
