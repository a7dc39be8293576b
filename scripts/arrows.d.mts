// Types of arrows.mjs, for its test.
export function brokenArrows(path: string, source: string): string[];
