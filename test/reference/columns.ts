// References of a factor for each column, y = x · l, and of the gradient of the factors.
import { add, at, type Reference } from './kernel.ts';

export const scale_columns: Reference<'scale_columns'> = ({ x, l, y }, { N, C }, { IN_PLACE = 0 }) => {
  const out = IN_PLACE ? x : y;
  for (let i = 0; i < N * C; i++) out[i] = at(x, i) * at(l, i % C);
};

export const column_dot: Reference<'column_dot'> = ({ d_y, x, d_l }, { N, C }) => {
  for (let i = 0; i < N * C; i++) add(d_l, i % C, at(d_y, i) * at(x, i));
};
