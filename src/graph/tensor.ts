// Tensors and parameters: what they are called, their shape and type, and how a parameter starts.
// Not here: their bytes (src/plan says where they lie). Invariant: shapes are static.

export type DType = 'f32' | 'f16' | 'i32' | 'u32';
export const bytesPerElement: Readonly<Record<DType, number>> = { f32: 4, f16: 2, i32: 4, u32: 4 };

/**
 * How a parameter starts: from the checkpoint (where that may lack it, at zeros then), at N(0, std²), uniform in ±bound, at a constant, or with row i at `scale` times the mean of the i-th of
 * equal groups of rows of another parameter.
 */
export type Initial =
  | { readonly from: 'checkpoint'; readonly absent?: 'zeros' }
  | { readonly from: 'normal'; readonly std: number }
  | { readonly from: 'uniform'; readonly bound: number }
  | { readonly from: 'constant'; readonly value: number }
  | { readonly from: 'row-means'; readonly of: string; readonly scale: number };

/** Whose a parameter is: the pretrained model's, a method's addition to it, or the task's head. */
export type Owner = 'backbone' | 'method' | 'head';

/**
 * Another way in which a checkpoint stores a parameter: with rows and columns swapped; in the same order, but another shape, such as a vector as a matrix of one
 * row; or so as a table whose rows behind the first `special` are those of a square grid, which a checkpoint may have in another size.
 */
export type StoredForm =
  | { readonly layout: 'transposed' }
  | { readonly layout: 'shaped'; readonly shape: readonly number[] }
  | { readonly layout: 'grid'; readonly shape: readonly number[]; readonly special: number };

export interface Parameter {
  /** Module path, without the model's prefix: `encoder.layer.0.output.dense.weight`. */
  readonly name: string;
  readonly owner: Owner;
  readonly shape: readonly number[];
  /** Of a dense layer of the forward code, which methods may change. */
  readonly dense?: true;
  readonly trainable: boolean;
  readonly initial: Initial;
  /** The mean of its values in an untrained model: 1 for the weight of a normalisation. */
  readonly mean: 0 | 1;
  /** How a checkpoint stores it, where that is another way. */
  readonly stored?: StoredForm;
  /** Weight decay applies (false for biases and normalisation weights, as in Transformers' Trainer). */
  readonly decay: boolean;
  /** None where it lives off the GPU. */
  readonly tensors: readonly Tensor[];
}

/**
 * - `parameter`, `gradient`: persistent, one per Parameter (or per piece of a large table);
 * - `input`: written by the host before a run of the program;
 * - `result`: small, outlives a program and is read by the host: loss and norms, status, logits;
 * - `state`: what an optimizer keeps of a parameter;
 * - `lasting`: outlives a program and stays on the device: keys and values of a text that is being written;
 * - `transient`: lives in the arena from its birth to its last use.
 */
export type Role = 'parameter' | 'gradient' | 'input' | 'result' | 'state' | 'lasting' | 'transient';

export interface Tensor {
  readonly id: number;
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly role: Role;
  readonly parameter?: Parameter;
  /** Of a piece of a large table: its first row. */
  readonly rowBegin?: number;
  /** What the plan counts it as, where it is no activation: rows of an adapter that lives off the GPU are `adapter`. */
  readonly category?: 'adapter';
}

export function sizeOf(shape: readonly number[]): number {
  let product = 1;
  for (const n of shape) product *= n;
  return product;
}

export const bytesOfTensor = (tensor: { shape: readonly number[]; dtype: DType }): number =>
  sizeOf(tensor.shape) * bytesPerElement[tensor.dtype];
