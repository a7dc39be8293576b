// For tests: what lives off the GPU, plainly and in f64.

import { Offload, type OffloadedModule } from './offload.ts';
import { plainProducts } from './products.ts';
import { memoryRows } from './rows.ts';
import { recordWidth, SparseAdapter } from './sparse_adapter.ts';

export function referenceAdapter({ shape }: OffloadedModule): SparseAdapter {
  const width = recordWidth(shape.hidden_size);
  return new SparseAdapter(
    shape,
    memoryRows(shape.neurons, width, new Float64Array(shape.neurons * width)),
    plainProducts(Float64Array),
    Float64Array,
  );
}

export const referenceOffload = (modules: Iterable<OffloadedModule>): Offload =>
  Offload.of(new Map([...modules].map((module) => [module.path, referenceAdapter(module)])));
