// All methods to choose from, in groups: name, picture, sentence.

import { RadioGroup } from 'radix-ui';
import type { MethodCard } from '../../../src/protocol/cards.ts';
import type { MethodName } from '../../../src/protocol/config.ts';
import { grouped, groupTitles } from '../../state/method_groups.ts';
import { Tile } from '../../ui/Tile.tsx';
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
            {cards.map(({ name, title, summary, diagram, refusals, default_policy }) => {
              const refused = refusals[default_policy];
              return (
                <Tile
                  key={name}
                  {...{ name, title }}
                  summary={refused === null ? summary : `Not for this model. ${refused}`}
                  disabled={refused !== null}
                  picture={<MethodDiagram diagram={diagram} />}
                />
              );
            })}
          </div>
        </section>
      ))}
    </RadioGroup.Root>
  );
}
