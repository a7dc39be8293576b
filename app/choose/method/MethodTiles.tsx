// All methods to choose from, in groups: name, picture, sentence.

import { RadioGroup } from 'radix-ui';
import type { MethodCard } from '../../../src/protocol/cards.ts';
import type { MethodName } from '../../../src/protocol/config.ts';
import { grouped, groupTitles } from '../../state/method_groups.ts';
import { MethodDiagram } from './MethodDiagram.tsx';

interface MethodTilesProps {
  methods: readonly MethodCard[];
  method: MethodName;
  onMethod(method: MethodName): void;
}

export function MethodTiles({ methods, method, onMethod }: MethodTilesProps) {
  return (
    <RadioGroup.Root className="method-groups" aria-label="Method" value={method} onValueChange={(next) => onMethod(next as MethodName)}>
      {grouped(methods).map(({ group, cards }) => (
        <section className="method-group" key={group} data-count={Math.min(cards.length, 4)} aria-label={groupTitles[group].title}>
          <h3>
            {groupTitles[group].title} <span className="small muted">{groupTitles[group].says}</span>
          </h3>
          <div className="method-tiles">
            {cards.map(({ name, title, summary, diagram }) => (
              <RadioGroup.Item className="tile method-tile" key={name} value={name} aria-label={title} aria-describedby={`about-${name}`}>
                <span className="tile-title">{title}</span>
                <MethodDiagram diagram={diagram} />
                <span className="tile-summary" id={`about-${name}`}>
                  {summary}
                </span>
              </RadioGroup.Item>
            ))}
          </div>
        </section>
      ))}
    </RadioGroup.Root>
  );
}
