// References of what moves words and knows nothing of their meaning.
import { at, type Reference } from './kernel.ts';

export const copy: Reference<'copy'> = ({ x, y }, { count }) => {
  for (let i = 0; i < count; i++) y[i] = at(x, i);
};

export const clear: Reference<'clear'> = ({ x }, { count }) => {
  x.fill(0, 0, count);
};
