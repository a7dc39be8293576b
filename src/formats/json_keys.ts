// Finds what JSON.parse hides: a key given twice in one object, of which it silently keeps the last.
// Invariant: the text has passed JSON.parse, so that strings and brackets can be trusted to balance. Walks it by hand, for a regular expression that
// takes a string as one token overflows its stack on a string of some megabytes.

/** Where the string that opens at `at` has its closing quote. */
function endOfString(json: string, at: number): number {
  let end = json.indexOf('"', at + 1);
  for (;;) {
    let slashes = 0;
    while (json[end - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return end;
    end = json.indexOf('"', end + 1);
  }
}

/** The first key that occurs twice in the same object, at any depth; undefined where there is none. */
export function duplicateKey(json: string): string | undefined {
  // One entry for each open bracket: the keys seen so far, or undefined in an array.
  const open: (Set<string> | undefined)[] = [];
  let atKey = false;
  for (let at = 0; at < json.length; at++) {
    const token = json[at];
    if (token === '"') {
      const end = endOfString(json, at);
      if (atKey) {
        // "a" and "\u0061" are the same key.
        const key = JSON.parse(json.slice(at, end + 1)) as string;
        const keys = open.at(-1);
        if (keys?.has(key)) return key;
        keys?.add(key);
      }
      atKey = false;
      at = end;
    } else if (token === '{') {
      open.push(new Set());
      atKey = true;
    } else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ',') atKey = open.at(-1) !== undefined;
  }
  return undefined;
}
