// References of what moves words and knows nothing of their meaning.
import { at, type Reference } from './kernel.ts';

export const copy: Reference<'copy'> = ({ x, y }, { count }) => {
  for (let i = 0; i < count; i++) y[i] = at(x, i);
};

export const clear: Reference<'clear'> = ({ x }, { count }) => {
  x.fill(0, 0, count);
};

export const add_to_lengths: Reference<'add_to_lengths'> = ({ lengths, longer }, { B, rows }) => {
  for (let b = 0; b < B; b++) longer[b] = at(lengths, b) + rows;
};

export const copy_columns: Reference<'copy_columns'> = ({ x, y }, { N, C, x_width, x_from, y_width, y_from }) => {
  for (let n = 0; n < N; n++) {
    for (let c = 0; c < C; c++) y[n * y_width + y_from + c] = at(x, n * x_width + x_from + c);
  }
};

export const gather_rows: Reference<'gather_rows'> = ({ x, rows, y }, { N, R, C }) => {
  for (let r = 0; r < R; r++) {
    const row = at(rows, r);
    for (let c = 0; c < C; c++) y[r * C + c] = row < N ? at(x, row * C + c) : 0;
  }
};

export const scatter_rows: Reference<'scatter_rows'> = ({ y, rows, x }, { N, R, C }) => {
  for (let r = 0; r < R; r++) {
    const row = at(rows, r);
    for (let c = 0; c < C && row < N; c++) x[row * C + c] = at(y, r * C + c);
  }
};
