// Finds what JSON.parse hides: a key given twice in one object, of which it silently keeps the last.
// Invariant: the text has passed JSON.parse, so that strings and brackets can be trusted to balance.

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gs;

/** The first key that occurs twice in the same object, at any depth; undefined where there is none. */
export function duplicateKey(json: string): string | undefined {
  // One entry for each open bracket: the keys seen so far, or undefined in an array.
  const open: (Set<string> | undefined)[] = [];
  let atKey = false;
  for (const [token] of json.matchAll(TOKEN)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token.startsWith('"') && atKey) {
      // "a" and "\u0061" are the same key.
      const key = JSON.parse(token) as string;
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
    atKey = (token === '{' || token === ',') && open.at(-1) !== undefined;
  }
  return undefined;
}
