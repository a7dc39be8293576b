// A comparison as a picture: bytes by category, one bar a row, on one axis.

import type { categories } from '../../src/protocol/config.ts';
import { countText } from '../../src/protocol/sentences.ts';
import { bytesText, flopsText } from '../format.ts';
import { stackedBars } from '../pictures/bars.ts';
import type { Colour } from '../pictures/svg.ts';
import type { Row } from './columns.ts';

/** The page's colours of the categories. */
const colours: Readonly<Record<(typeof categories)[number], Colour>> = {
  weights: { light: '#8791a0', dark: '#7d8998' },
  adapter: { light: '#e69f00', dark: '#f0b13a' },
  gradient: { light: '#d55e00', dark: '#f07f3c' },
  optimizer: { light: '#a9568d', dark: '#cf83b4' },
  activation: { light: '#0072b2', dark: '#3f9fe4' },
  workspace: { light: '#8fc9ee', dark: '#2b5f85' },
  staging: { light: '#c3cad3', dark: '#46525f' },
};

const nameOf = ({ depth, report: { method, policy, streams } }: Row): string =>
  [...(depth === undefined ? [] : [`${depth} layers`]), method, policy, ...(streams === 'single' ? [] : [streams])].join(' · ');

/** SVG text. */
export function pictureOf(rows: readonly Row[], subtitle: string): string {
  return stackedBars({
    title: 'GPU memory of a training step',
    subtitle,
    parts: colours,
    rows: rows.map((row) => ({
      label: nameOf(row),
      parts: row.report.bytes,
      note: [
        `${countText(row.report.trainable_parameters)} trained`,
        `${flopsText(row.report.flops)}FLOP`,
        ...(row.report.host ? [`+ ${bytesText(row.report.host.bytes)} host`] : []),
      ].join(', '),
    })),
  });
}
