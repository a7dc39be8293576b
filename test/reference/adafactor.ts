// References of Adafactor (Shazeer & Stern 2018, as transformers.Adafactor with scale_parameter and relative_step off). A vector is a matrix of one
// column whose second moments are not factored.
import { at, type Reference } from './kernel.ts';

const square = (gradient: Float64Array, i: number, scalars: Float64Array, slot: number): number =>
  (at(gradient, i) * at(scalars, slot)) ** 2;

const sumOver = (count: number, term: (i: number) => number): number =>
  Array.from({ length: count }, (_, i) => term(i)).reduce((a, b) => a + b, 0);

export const adafactor_row: Reference<'adafactor_row'> = ({ gradient, row, scalars }, { R, C, slot, eps }, _, { beta2_t }) => {
  for (let i = 0; i < R; i++) {
    const mean = sumOver(C, (j) => square(gradient, i * C + j, scalars, slot)) / C;
    row[i] = beta2_t * at(row, i) + (1 - beta2_t) * (mean + eps);
  }
};

export const adafactor_column: Reference<'adafactor_column'> = ({ gradient, column, scalars }, uniforms, _, { beta2_t }) => {
  const { R, C, slot, eps, begin, rows } = uniforms;
  for (let j = 0; j < C; j++) {
    const share = sumOver(R, (i) => square(gradient, i * C + j, scalars, slot)) / rows;
    const before = begin === 0 ? beta2_t * at(column, j) + (1 - beta2_t) * eps : at(column, j);
    column[j] = before + (1 - beta2_t) * share;
  }
};

export const adafactor_sums: Reference<'adafactor_sums'> = ({ gradient, row, column, partials, scalars }, uniforms, { FACTORED = 0 }) => {
  const { R, C, slot, begin, rows } = uniforms;
  for (let i = 0; i < R; i++) {
    partials[begin + i] = at(row, i);
    partials[rows + begin + i] =
      sumOver(C, (j) => square(gradient, i * C + j, scalars, slot) / (FACTORED ? at(column, j) : 1)) / at(row, i);
  }
};

export const adafactor_scale: Reference<'adafactor_scale'> = ({ partials, factors }, { rows, C, clip_threshold }, { FACTORED = 0 }) => {
  const mean = FACTORED ? sumOver(rows, (i) => at(partials, i)) / rows : 1;
  const rms = Math.sqrt((mean * sumOver(rows, (i) => at(partials, rows + i))) / (rows * C));
  factors[0] = mean;
  factors[1] = 1 / Math.max(1, rms / clip_threshold);
};

export const adafactor: Reference<'adafactor'> = (tensors, { R, C, slot, weight_decay, lr_scale }, { FACTORED = 0 }, step) => {
  const { parameter, gradient, row, column, factors, scalars } = tensors;
  const lr = step.learning_rate * lr_scale;
  for (let i = 0; i < R * C; i++) {
    const moment = (at(row, Math.floor(i / C)) / at(factors, 0)) * (FACTORED ? at(column, i % C) : 1);
    const update = (at(factors, 1) * at(gradient, i) * at(scalars, slot)) / Math.sqrt(moment);
    parameter[i] = at(parameter, i) * (1 - lr * weight_decay) - lr * update;
  }
};
