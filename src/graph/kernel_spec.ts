// What a row of the kernel table says of a kernel. The rows stand in kernels.ts and in the tables that it spreads.

export type Access = 'read' | 'read_write';
export type ScalarType = 'u32' | 'i32' | 'f32';

export interface KernelSpec {
  /** Storage bindings in order. */
  readonly bindings: Readonly<Record<string, Access>>;
  /** Fields of the `params` uniform in order; all are 4 bytes. */
  readonly uniforms: Readonly<Record<string, ScalarType>>;
  /** Names of the `override` constants. */
  readonly overrides?: readonly string[];
  /** Binding whose element type follows the stored type of a parameter (f32 or f16, through the aliases of the prelude). */
  readonly stored?: readonly string[];
  /** Whether the kernel reads the per-step scalars (`StepScalars`). */
  readonly step?: true;
  /** Whether the prelude's `HeadVector` alias (one attention head as vec4s) is needed. */
  readonly head?: true;
  /** Size of the work in x (and y): each a product of uniforms or numbers. What it counts is the kernel's affair (elements, rows, threads). */
  readonly work: readonly [readonly (string | number)[]] | readonly [readonly (string | number)[], readonly (string | number)[]];
  /** How much of it one workgroup does: [x, y]. One number: a linear index over x, folded into y past 65535 workgroups. */
  readonly tile: readonly [number] | readonly [number, number];
}
