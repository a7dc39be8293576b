// Draws the shapes of a method's picture. Grey is frozen, orange trains, a blue disc is kept for the backward pass: shape tells them apart too.

import { memo } from 'react';
import type { AddedPart, MethodDiagram as Description } from '../../../src/protocol/cards.ts';
import { diagramText, HEIGHT, type Shape, shapesOf, WIDTH } from './diagram.ts';

export const MethodDiagram = memo(function MethodDiagram({ diagram }: { diagram: Description }) {
  const shapes = shapesOf(diagram);
  // Wires lie below blocks, discs above all.
  const order = ['frame', 'wire', 'block', 'edge', 'added', 'sum', 'kept'] as const;
  const drawn = order.flatMap((kind) => shapes.filter((shape) => shape.kind === kind));
  return (
    <svg className="diagram" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={diagramText(diagram)}>
      {drawn.map((shape) => (
        <Drawn key={JSON.stringify(shape)} shape={shape} />
      ))}
    </svg>
  );
});

function Drawn({ shape }: { shape: Shape }) {
  switch (shape.kind) {
    case 'block':
      return (
        <g className={`diagram-${shape.tone}`}>
          <rect x={shape.x} y={shape.y} width={shape.w} height={shape.h} rx={3} />
          <text x={shape.x + shape.w / 2} y={shape.y + shape.h / 2 + 3} textAnchor="middle">
            {shape.label}
          </text>
        </g>
      );
    case 'edge':
      return <rect className="diagram-added" x={shape.x + 1} y={shape.y - 4} width={shape.w - 2} height={4} rx={1} />;
    case 'added':
      return (
        <g transform={`translate(${shape.x} ${shape.y})`}>
          <Added part={shape.part} />
        </g>
      );
    case 'wire':
      return (
        <>
          <path className={`diagram-wire diagram-wire-${shape.tone}`} d={shape.path} />
          {shape.arrow === true && <Arrow path={shape.path} tone={shape.tone} />}
        </>
      );
    case 'sum':
      return (
        <g className="diagram-sum" transform={`translate(${shape.x} ${shape.y})`}>
          <circle r={5} />
          <path d="M-3,0H3M0,-3V3" />
        </g>
      );
    case 'kept':
      return <circle className="diagram-kept" cx={shape.x} cy={shape.y} r={4} />;
    case 'frame':
      return (
        <g className={shape.host === true ? 'diagram-frame diagram-host' : 'diagram-frame'}>
          <rect x={shape.x} y={shape.y} width={shape.w} height={shape.h} rx={5} />
          <text className="diagram-note" x={shape.x + shape.w - 4} y={shape.host === true ? shape.y + 11 : shape.y - 2} textAnchor="end">
            {shape.label}
          </text>
        </g>
      );
  }
}

/** At the end of a path whose last stroke is horizontal or vertical. */
function Arrow({ path, tone }: { path: string; tone: string }) {
  const strokes = [...path.matchAll(/([MHV])(-?[\d.]+)(?:,(-?[\d.]+))?/g)];
  let [x, y] = [0, 0];
  let angle = 0;
  for (const [, command, first, second] of strokes) {
    const value = Number(first);
    if (command === 'M') [x, y] = [value, Number(second)];
    else if (command === 'H') [x, angle] = [value, value > x ? 0 : 180];
    else [y, angle] = [value, value > y ? 90 : -90];
  }
  return (
    <path className={`diagram-arrow diagram-arrow-${tone}`} d="M0,0L-6,-3.2V3.2Z" transform={`translate(${x} ${y}) rotate(${angle})`} />
  );
}

/** A bottleneck: wide, narrow, wide. */
const bottleneck = (half: number, tall: number) => `M${-half},${-tall}L0,-2L${half},${-tall}V${tall}L0,2L${-half},${tall}Z`;

function Added({ part }: { part: AddedPart }) {
  switch (part) {
    case 'adapter':
      return <path className="diagram-added" d={bottleneck(10, 7)} />;
    case 'low-rank':
      return (
        <>
          <path className="diagram-added" d={bottleneck(7, 5)} transform="translate(-8 0)" />
          <path className="diagram-added" d={bottleneck(7, 5)} transform="translate(8 0)" />
        </>
      );
    case 'scale':
      return (
        <>
          <circle className="diagram-added" cx={-7} r={4.5} />
          <circle className="diagram-added" cx={7} r={4.5} />
          <path className="diagram-cross" d="M-9,-2l4,4m0,-4l-4,4M5,-2l4,4m0,-4l-4,4" />
        </>
      );
    case 'tokens':
      return (
        <>
          {[-8, -2, 4].map((x) => (
            <rect className="diagram-added" key={x} x={x} y={-4} width={5} height={8} rx={1} />
          ))}
        </>
      );
    case 'sparse-adapter':
      return (
        <>
          <rect className="diagram-box" x={-21} y={-5} width={42} height={10} rx={2} />
          {[-16, -1, 3, 14].map((x) => (
            <rect className="diagram-added" key={x} x={x} y={-5} width={3} height={10} />
          ))}
        </>
      );
    case 'recurrent-cell':
      return (
        <>
          <circle className="diagram-added" r={9} />
          <path className="diagram-cross" d="M-4,2A4.5,4.5 0 1 1 2,4M2,4l3,-2M2,4l1,-4" />
        </>
      );
    case 'small-layer':
      return (
        <>
          <rect className="diagram-added" x={-17} y={-8} width={34} height={16} rx={3} />
          <text className="diagram-on-added" y={3} textAnchor="middle">
            layer / k
          </text>
        </>
      );
  }
}
