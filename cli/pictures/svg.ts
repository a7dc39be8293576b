// A picture as SVG text: elements, escaped; one style for light and dark; nice numbers on axes. Knows nothing of what is drawn.
// Invariant: every text passes `escaped`, so that no label can close an element.

const escaped = (value: string): string =>
  value.replace(/[&<>"]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character] ?? character);

type Attributes = Readonly<Record<string, string | number>>;

const shown = (value: string | number): string => (typeof value === 'number' ? String(Math.round(value * 100) / 100) : escaped(value));

/** An element; `children` are elements already, a text goes through `label` or `hover`. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${shown(value)}"`);
  return children.length === 0 ? `<${name}${pairs.join('')}/>` : `<${name}${pairs.join('')}>${children.join('')}</${name}>`;
}

export const label = (text: string, attributes: Attributes): string => element('text', attributes, escaped(text));
/** What a pointer that rests on the element is told. */
export const hover = (text: string): string => element('title', {}, escaped(text));

/** A colour on a light and on a dark ground. */
export interface Colour {
  readonly light: string;
  readonly dark: string;
}

const ground: Readonly<Record<string, Colour>> = {
  ground: { light: '#ffffff', dark: '#0e1318' },
  ink: { light: '#18212d', dark: '#e7ebf0' },
  muted: { light: '#566373', dark: '#9fabb9' },
  line: { light: '#dde3ea', dark: '#2a343f' },
};

/** A whole picture. `colours` become classes of their names, for `fill` by `f-NAME` and for `stroke` by `s-NAME`. */
export function picture(
  size: { readonly width: number; readonly height: number },
  text: { readonly title: string; readonly description: string },
  colours: Readonly<Record<string, Colour>>,
  ...body: readonly string[]
): string {
  const all = Object.entries({ ...ground, ...colours });
  const variables = (theme: keyof Colour) => all.map(([name, colour]) => `--${name}:${colour[theme]}`).join(';');
  const style = [
    `svg{${variables('light')};font:12px system-ui,sans-serif}`,
    `@media(prefers-color-scheme:dark){svg{${variables('dark')}}}`,
    ...all.map(([name]) => `.f-${name}{fill:var(--${name})}.s-${name}{stroke:var(--${name});fill:none}`),
    // A line that runs behind a text leaves room for it.
    'text{paint-order:stroke;stroke:var(--ground);stroke-width:4px;stroke-linejoin:round}',
    '.title{font-size:15px;font-weight:600}.end{text-anchor:end}.middle{text-anchor:middle}',
  ].join('\n');
  const { width, height } = size;
  return `${element(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${width} ${Math.ceil(height)}`, width, height: Math.ceil(height), role: 'img' },
    `\n${element('title', {}, escaped(text.title))}\n`,
    `${element('desc', {}, escaped(text.description))}\n`,
    `${element('style', {}, style)}\n`,
    `${element('rect', { width, height: Math.ceil(height), class: 'f-ground' })}\n`,
    body.join('\n'),
    '\n',
  )}\n`;
}

/** About how wide a text of 12 pixels is. */
export const textWidth = (text: string): number => [...text].length * 6.6;

/** Ticks from 0 to at least `most`, at 1, 2 or 5 times a power of ten, at most `count` steps. */
export function ticksTo(most: number, count: number): number[] {
  const rough = (most > 0 ? most : 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.max(1, Math.ceil(most / step - 1e-9)) + 1 }, (_, i) => i * step);
}
