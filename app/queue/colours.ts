// The look of the n-th run of a queue, the same in its line of the list and in every chart.

const SERIES = 8;

export const colourOf = (i: number): { colour: string; dashed: boolean } => ({
  colour: `--series-${(i % SERIES) + 1}`,
  dashed: i >= SERIES,
});
