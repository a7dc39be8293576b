// How likely a model holds each of some labels or answers, the likeliest first.

import { percent } from '../ui/format.ts';

interface ProbabilitiesProps {
  /** Which is the likeliest, said once the answer is there. */
  said: string;
  labels: readonly string[];
  probabilities: readonly number[];
  /** Of each, where more is known than its probability. */
  notes?: readonly string[] | undefined;
  /** What they are of, where there are several. */
  of?: string;
  /** Labels that are listed. */
  most?: number;
}

export function Probabilities({ said, labels, probabilities, notes, of, most = 10 }: ProbabilitiesProps) {
  const ranked = probabilities
    .map((probability, place) => ({ place, label: labels[place] ?? `label ${place}`, probability, note: notes?.[place] }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, most);
  return (
    <>
      <p className="hidden" role="status">
        {said}
      </p>
      <ul className="balance" aria-label={of === undefined ? 'Probabilities' : `Probabilities of ${of}`}>
        {ranked.map(({ place, label, probability, note }, i) => (
          <li key={place} className={i === 0 ? 'first' : ''}>
            <span className="balance-label" title={label}>
              {label}
            </span>
            <span className="meter" aria-hidden="true">
              <span style={{ width: `${probability * 100}%` }} />
            </span>
            <span className="balance-count" title={note}>
              {percent(probability, 1)}
            </span>
          </li>
        ))}
      </ul>
      {labels.length > most && (
        <p className="small muted">
          The first {most} of {labels.length} labels.
        </p>
      )}
    </>
  );
}
