// What the colours of the memory categories mean.

import type { Category } from '../../src/protocol/config.ts';
import { categoryTitles } from './plans.ts';

export function CategoryLegend({ shown }: { shown: readonly Category[] }) {
  return (
    <ul className="legend">
      {shown.map((category) => (
        <li key={category}>
          <span className={`swatch swatch-${category}`} /> {categoryTitles[category]}
        </li>
      ))}
    </ul>
  );
}
