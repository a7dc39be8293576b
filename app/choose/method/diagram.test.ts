import { expect, test } from 'vitest';
import { methodCards } from '../../../src/session/models/method_cards.ts';
import { grouped } from '../../state/method_groups.ts';
import { diagramText, HEIGHT, type Shape, shapesOf, WIDTH } from './diagram.ts';

const cards = methodCards();

/** How far a shape reaches from its point. */
const reach = (shape: Shape): { x: number; y: number; w: number; h: number } => {
  switch (shape.kind) {
    case 'wire': {
      const numbers = [...shape.path.matchAll(/-?\d+(?:\.\d+)?/g)].map(([number]) => Number(number));
      return { x: Math.min(...numbers), y: 0, w: 0, h: 0 };
    }
    case 'block':
    case 'frame':
      return shape;
    case 'edge':
      return { ...shape, h: 0 };
    default:
      return { x: shape.x - 4, y: shape.y - 4, w: 8, h: 8 };
  }
};

test.each(cards.map((card) => [card.name, card] as const))(
  'the picture of %s keeps to its ground and says what trains',
  (_, { diagram }) => {
    for (const shape of shapesOf(diagram)) {
      const { x, y, w, h } = reach(shape);
      expect(x).toBeGreaterThanOrEqual(0);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(x + w).toBeLessThanOrEqual(WIDTH);
      expect(y + h).toBeLessThanOrEqual(HEIGHT);
    }
    const drawn = shapesOf(diagram).filter(({ kind }) => kind === 'added').length;
    expect(drawn, 'every part that is added is drawn').toBe(diagram.adds.length);
    expect(diagramText(diagram)).toMatch(/Trains: .*the head\. Kept/);
  },
);

test('every method stands in one group', () => {
  expect(
    grouped(cards)
      .flatMap(({ cards: own }) => own.map(({ name }) => name))
      .sort(),
  ).toEqual(cards.map(({ name }) => name).sort());
});

test('no two methods look alike', () => {
  const pictures = cards.map(({ diagram }) => JSON.stringify(shapesOf(diagram)));
  expect(new Set(pictures).size).toBe(cards.length);
});
