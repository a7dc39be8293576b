// Foreign values in error messages: JSON as far as it is short, cut where it is long, wide or deep. Not a serialiser: what is cut does not come back.
// Invariant: takes time and room by what it shows, not by what it is given, so that a hostile file can't make an error of its own message.

const most = 120;
const widest = 12;
const deepest = 4;

function text(value: string): string {
  return value.length <= most ? JSON.stringify(value) : `${JSON.stringify(value.slice(0, most / 2))}… (${value.length} characters)`;
}

function write(value: unknown, depth: number): string {
  if (typeof value === 'string') return text(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? String(value);
  const isList = Array.isArray(value);
  if (depth === deepest) return isList ? '[…]' : '{…}';
  const keys = Object.keys(value);
  const shown = keys.slice(0, widest).map((key) => {
    const entry = write(Reflect.get(value, key), depth + 1);
    return isList ? entry : `${text(key)}:${entry}`;
  });
  if (keys.length > widest) shown.push('…');
  return isList ? `[${shown.join(',')}]` : `{${shown.join(',')}}`;
}

/** A value of a file, as its error shows it: `JSON.stringify` where that is short. */
export function shownValue(value: unknown): string {
  const whole = write(value, 0);
  return whole.length <= 4 * most ? whole : `${whole.slice(0, 4 * most)}…`;
}
