// Tensors and parameters: what they are called, their shape and type, and how a parameter starts.
// Not here: their bytes (src/plan says where they lie). Invariant: shapes are static.

export type DType = 'f32' | 'f16' | 'i32' | 'u32';
export const bytesPerElement: Readonly<Record<DType, number>> = { f32: 4, f16: 2, i32: 4, u32: 4 };

/**
 * How a parameter starts: from the checkpoint, at N(0, std²), uniform in ±bound, at a constant, or with row i at `scale` times the mean of the i-th of
 * equal groups of rows of another parameter.
 */
export type Initial =
  | { readonly from: 'checkpoint' }
  | { readonly from: 'normal'; readonly std: number }
  | { readonly from: 'uniform'; readonly bound: number }
  | { readonly from: 'constant'; readonly value: number }
  | { readonly from: 'row-means'; readonly of: string; readonly scale: number };

/** Whose a parameter is: the pretrained model's, a method's addition to it, or the task's head. */
export type Owner = 'backbone' | 'method' | 'head';

export interface StoredForm {
  readonly layout: 'transposed';
}

export interface Parameter {
  /** Module path, without the model's prefix: `encoder.layer.0.output.dense.weight`. */
  readonly name: string;
  readonly owner: Owner;
  readonly shape: readonly number[];
  readonly trainable: boolean;
  readonly initial: Initial;
  /** What its values lie about in a model that nobody has trained: 1 for the weight of a normalisation. */
  readonly mean: 0 | 1;
  /** How a checkpoint stores it, where that is not as here: `transposed` has rows and columns changed. */
  readonly stored?: StoredForm;
  /** Weight decay applies (false for biases and normalisation weights, as in Transformers' Trainer). */
  readonly decay: boolean;
  /** None where it lives off the GPU. */
  readonly tensors: readonly Tensor[];
}

/**
 * - `parameter`, `gradient`: persistent, one per Parameter (or per row piece of a large table);
 * - `input`: written by the host before a run of the program;
 * - `state`: persistent, small, read back (loss, norms, status);
 * - `transient`: lives in the arena from its birth to its last use.
 */
export type Role = 'parameter' | 'gradient' | 'input' | 'state' | 'transient';

export interface Tensor {
  readonly id: number;
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly role: Role;
  readonly parameter?: Parameter;
  /** For a row piece of a large table: first row. */
  readonly rowBegin?: number;
  /** Of a transient that is no activation: rows of an adapter that lives off the GPU. */
  readonly category?: 'adapter';
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);
export const bytesOfTensor = (tensor: { shape: readonly number[]; dtype: DType }): number =>
  sizeOf(tensor.shape) * bytesPerElement[tensor.dtype];
