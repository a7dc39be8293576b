// The middle of some measurements.

/** The upper one of the two in the middle where they are an even number; undefined where there are none. */
export const median = (values: readonly number[]): number | undefined => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
