// What a row of the kernel table says of a kernel. The rows stand in table.ts and in the files beside it that it takes in.

export type Access = 'read' | 'read_write';
export type ScalarType = 'u32' | 'i32' | 'f32';

export interface KernelSpec {
  /** Storage bindings in order. */
  readonly bindings: Readonly<Record<string, Access>>;
  /** Fields of the `params` uniform in order; all are 4 bytes. */
  readonly uniforms: Readonly<Record<string, ScalarType>>;
  /** Names of the `override` constants. */
  readonly overrides?: readonly string[];
  /**
   * Bindings of frozen parameters, each stored as f32 or f16 whatever the others are, with the numbers that the shader reads at a time. A binding NAME of
   * these is an `array<Stored_NAME>`, read by `read_NAME(i)`, which gives the i-th vec4f or f32 (src/gpu/pipelines.ts makes both).
   */
  readonly stored?: Readonly<Record<string, 1 | 4>>;
  /** Whether the kernel reads the per-step scalars (`StepScalars`). */
  readonly step?: true;
  /** Whether the prelude's `HeadVector` alias (one attention head as vec4s) is needed. */
  readonly head?: true;
  /** How much work there is in x (and y): each a product of uniforms and numbers. What is counted (elements, rows, threads) is up to the kernel. */
  readonly work: readonly [readonly (string | number)[]] | readonly [readonly (string | number)[], readonly (string | number)[]];
  /** How much of it one workgroup does: [x, y]. One number: a linear index over x, folded into y past 65535 workgroups. */
  readonly tile: readonly [number] | readonly [number, number];
}
