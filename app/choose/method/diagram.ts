// A method's description as shapes: one layer between embeddings and head, on a ground of 212 × 92. Pure; the drawing is in MethodDiagram.tsx.
// One layout serves every method: blocks in a row, each with what is added to it. Invariant: nothing here knows a method's name.

import type { AddedPart, AddedPlace, LayerPart, MethodDiagram, ModelPart } from '../../../src/protocol/cards.ts';

export const WIDTH = 212;
export const HEIGHT = 92;

type Tone = 'frozen' | 'trains';

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Box extends Point {
  readonly w: number;
  readonly h: number;
  readonly label: string;
}

export type Shape =
  | (Box & { readonly kind: 'block'; readonly tone: Tone })
  /** One layer of many, or (`host`) the memory that is not the GPU's. */
  | (Box & { readonly kind: 'frame'; readonly host?: boolean })
  /** The lower edge of a block, where its biases are. */
  | (Point & { readonly kind: 'edge'; readonly w: number })
  | (Point & { readonly kind: 'added'; readonly part: AddedPart })
  | { readonly kind: 'wire'; readonly path: string; readonly tone: Tone; readonly arrow?: boolean }
  | (Point & { readonly kind: 'sum' })
  | (Point & { readonly kind: 'kept' });

const BLOCK: Readonly<Record<ModelPart, { label: string; w: number }>> = {
  embeddings: { label: 'emb', w: 24 },
  attention: { label: 'attn', w: 32 },
  ffn: { label: 'FFN', w: 32 },
};
const H = 24;
const GAP = 6;
/** Width of a part on the wire, with its connecting wires. */
const ALONE = 26;
/** From the middle of a block down to the middle of what is beside it. */
const BESIDE = 27;
const EMBEDDINGS = 1;
const LAYER = { from: 37, to: 175 };
const HEAD = { x: 185, w: 26 };
/** Between the embeddings and the first layer. */
const BEFORE = 31;
/** Middles of embeddings and head. */
const [FIRST, LAST] = [EMBEDDINGS + BLOCK.embeddings.w / 2, HEAD.x + HEAD.w / 2];

const added = ({ adds }: MethodDiagram, place: AddedPlace): AddedPart[] => adds.filter(({ at }) => at === place).map(({ part }) => part);

function block(part: ModelPart, x: number, y: number, { trains }: MethodDiagram): Shape[] {
  const { label, w } = BLOCK[part];
  const what = trains?.parts.includes(part) === true ? trains.what : undefined;
  const shape: Shape = { kind: 'block', x, y: y - H / 2, w, h: H, label, tone: what === 'weights' ? 'trains' : 'frozen' };
  return what === 'biases' ? [shape, { kind: 'edge', x, y: y + H / 2, w }] : [shape];
}

const head = (y: number): Shape => ({ kind: 'block', x: HEAD.x, y: y - H / 2, w: HEAD.w, h: H, label: 'head', tone: 'trains' });

/** What is on a block's own projections sits on its lower edge; tokens come in from below. */
function onBlock(part: AddedPart, x: number, y: number, w: number): Shape[] {
  const middle = x + w / 2;
  if (part !== 'tokens') return [{ kind: 'added', part, x: middle, y: y + H / 2 }];
  const below = y + BESIDE;
  return [
    { kind: 'added', part, x: middle + 20, y: below },
    { kind: 'wire', path: `M${middle + 12},${below}H${middle}V${y + H / 2}`, tone: 'trains', arrow: true },
  ];
}

function besideBlock(part: AddedPart, x: number, y: number, w: number): Shape[] {
  const below = y + BESIDE;
  return [
    { kind: 'wire', path: `M${x - GAP / 2},${y}V${below}H${x + w + GAP / 2}V${y}`, tone: 'trains' },
    { kind: 'added', part, x: x + w / 2, y: below },
  ];
}

interface Row {
  readonly shapes: readonly Shape[];
  readonly width: number;
  /** Where a forward pass has something to keep: in each block and behind it. */
  readonly stops: readonly Point[];
}

/** Blocks from left to right on a wire at height y, each with what the method adds on, beside and behind it, then what stands alone. */
function row(parts: readonly LayerPart[], alone: readonly AddedPart[], from: number, y: number, diagram: MethodDiagram): Row {
  const shapes: Shape[] = [];
  const stops: Point[] = [];
  let x = from;
  const stand = (part: AddedPart) => {
    shapes.push({ kind: 'added', part, x: x + ALONE / 2, y });
    x += ALONE;
  };
  for (const part of parts) {
    const { w } = BLOCK[part];
    x += GAP;
    shapes.push(
      ...added(diagram, `${part}-parallel`).flatMap((each) => besideBlock(each, x, y, w)),
      ...block(part, x, y, diagram),
      ...added(diagram, part).flatMap((each) => onBlock(each, x, y, w)),
    );
    stops.push({ x: x + w / 2, y: y - H / 2 });
    x += w;
    for (const each of added(diagram, `${part}-after`)) stand(each);
    x += GAP;
    stops.push({ x, y });
  }
  for (const each of alone) stand(each);
  return { shapes, width: x - from, stops };
}

function oneStream(diagram: MethodDiagram): Shape[] {
  const y = 36;
  const parts = ['attention', 'ffn'] as const;
  const { width } = row(parts, [], 0, y, diagram);
  const { shapes, stops } = row(parts, [], (LAYER.from + LAYER.to - width) / 2, y, diagram);
  const side = added(diagram, 'side');
  const tokens = added(diagram, 'input');
  const layer = { kind: 'frame', x: LAYER.from, y: 11, w: LAYER.to - LAYER.from, h: side.length > 0 ? 42 : 63, label: '× layers' } as const;
  return [
    layer,
    { kind: 'wire', path: `M${FIRST},${y}H${HEAD.x}`, tone: 'frozen', arrow: true },
    ...block('embeddings', EMBEDDINGS, y, diagram),
    ...tokens.map((part): Shape => ({ kind: 'added', part, x: FIRST, y: y + BESIDE })),
    ...(tokens.length > 0 ? [{ kind: 'wire', path: `M${FIRST},${y + BESIDE}H${BEFORE}V${y}`, tone: 'trains' } as const] : []),
    ...shapes,
    ...(diagram.off_gpu === true ? [{ ...layer, y: 76, h: 15, label: 'off the GPU', host: true }] : []),
    ...side.flatMap((part) => sideOf(part, y)),
    head(y),
    ...keptOnOne(diagram, [{ x: BEFORE, y }, ...stops], y),
  ];
}

/** Height of a network beside the layers. */
const SIDE = 78;

/** It takes what the embeddings and every layer give, and hands its result to the head. */
function sideOf(part: AddedPart, y: number): Shape[] {
  const middle = (LAYER.from + LAYER.to) / 2;
  return [
    { kind: 'wire', path: `M${BEFORE},${y}V${SIDE}H${LAST}V${y + H / 2}`, tone: 'trains', arrow: true },
    { kind: 'wire', path: `M${LAYER.to - 10},${y}V${SIDE - 17}H${middle}V${SIDE - 9}`, tone: 'trains', arrow: true },
    { kind: 'added', part, x: middle, y: SIDE },
  ];
}

function keptOnOne({ kept }: MethodDiagram, stops: readonly Point[], y: number): Shape[] {
  if (kept === 'everything') return stops.map((at) => ({ kind: 'kept', ...at }));
  if (kept === 'side') return [52, 74, 138, 160].map((x) => ({ kind: 'kept', x, y: SIDE }));
  return [{ kind: 'kept', x: (LAYER.to + HEAD.x) / 2, y }];
}

/** Heights of the two streams, and of F and G between them. */
const [UP, BETWEEN, LOW] = [11, 41, 81];

/** F reads the lower stream and adds to the upper one, then G reads the upper and adds to the lower. */
function twoStreams(diagram: MethodDiagram, { F, G, switches }: NonNullable<MethodDiagram['coupling']>): Shape[] {
  const halves = [
    { parts: F, alone: added(diagram, 'F'), source: LOW, target: UP },
    { parts: G, alone: added(diagram, 'G'), source: UP, target: LOW },
  ];
  const widths = halves.map(({ parts, alone }) => row(parts, alone, 0, BETWEEN, diagram).width);
  const end = LAYER.to - 8;
  const space = (end - LAYER.from - widths.reduce((sum, width) => sum + width, 0)) / 3;
  let x = LAYER.from;
  const drawn = halves.flatMap(({ parts, alone, source, target }, i): Shape[] => {
    const [from, to] = [x + space, x + space + (widths[i] ?? 0)];
    x = to;
    return [
      { kind: 'wire', path: `M${from},${source}V${BETWEEN}H${to}V${target}`, tone: 'frozen' },
      ...row(parts, alone, from, BETWEEN, diagram).shapes,
      { kind: 'sum', x: to, y: target },
    ];
  });
  const stream = (here: number, there: number) =>
    `M${FIRST},${here}H${end - 1}${switches ? `C${end + 7},${here} ${end + 5},${there} ${end + 13},${there}` : ''}H${LAST}`;
  const middle = (UP + LOW) / 2;
  return [
    { kind: 'frame', x: LAYER.from - 6, y: 1, w: LAYER.to - LAYER.from + 8, h: 90, label: '' },
    { kind: 'wire', path: `${stream(UP, LOW)}${stream(LOW, UP)}M${FIRST},${UP}V${LOW}M${LAST},${UP}V${LOW}`, tone: 'frozen' },
    ...block('embeddings', EMBEDDINGS, middle, diagram),
    ...drawn,
    head(middle),
    ...(diagram.kept === 'last-streams' ? [UP, LOW].map((y): Shape => ({ kind: 'kept', x: HEAD.x + 1, y })) : []),
  ];
}

export const shapesOf = (diagram: MethodDiagram): readonly Shape[] =>
  diagram.coupling === undefined ? oneStream(diagram) : twoStreams(diagram, diagram.coupling);

const partNames: Readonly<Record<AddedPart, string>> = {
  adapter: 'an adapter',
  'sparse-adapter': 'a large sparse adapter',
  'low-rank': 'low-rank updates',
  scale: 'scales',
  tokens: 'virtual tokens',
  'recurrent-cell': 'a recurrent cell',
  'small-layer': 'small layers',
};

const placeNames: Readonly<Record<AddedPlace, string>> = {
  input: 'before the text',
  attention: 'on the attention',
  'attention-parallel': 'beside the attention',
  'attention-after': 'behind the attention',
  ffn: 'on the feed-forward pair',
  'ffn-parallel': 'beside the feed-forward pair',
  'ffn-after': 'behind the feed-forward pair',
  F: 'alone as F',
  G: 'alone as G',
  side: 'beside the layers',
};

const keptNames: Readonly<Record<MethodDiagram['kept'], string>> = {
  everything: 'what every part of every layer computed',
  'last-streams': 'the last two streams only',
  side: 'what the side network computed only',
  head: 'what the head reads only',
};

/** The picture in words, for those who don't see it. */
export function diagramText(diagram: MethodDiagram): string {
  const own = diagram.trains;
  const trains = [
    ...(own === undefined ? [] : [`${own.what === 'biases' ? 'the biases of ' : ''}${own.parts.join(', ')}`]),
    ...diagram.adds.map(({ part, at }) => `${partNames[part]} ${placeNames[at]}`),
    'the head',
  ];
  const streams = diagram.coupling === undefined ? '' : `Two streams${diagram.coupling.switches ? ' that switch after each layer' : ''}. `;
  return `${streams}Trains: ${trains.join('; ')}. Kept for the backward pass: ${keptNames[diagram.kept]}.`;
}
