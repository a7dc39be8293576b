// Extended grapheme clusters (UAX 29), which SentencePiece's normalizer looks up as wholes: what people see as one character. Intl.Segmenter would do
// it by the browser's Unicode version. Invariant: the clusters of the Rust crate unicode-segmentation, whose table this uses.

import { CodePointSet, decodeRanges } from './code_points.ts';
import { clusterRanges } from './tables.ts';

/** Classes of a code point; 0 is any other. */
const classes = {
  ...{ Control: 1, Extend: 2, Extended_Pictographic: 3, InCB_Consonant: 4, L: 5, Prepend: 6, Regional_Indicator: 7, SpacingMark: 8 },
  ...{ T: 9, V: 10, ZWJ: 11, LV: 12, LVT: 13 },
} as const;
const { Control, Extend, Extended_Pictographic, InCB_Consonant, L, Prepend, Regional_Indicator, SpacingMark, T, V, ZWJ, LV, LVT } = classes;

let classOf: Uint8Array | undefined;

/** [0x110000], Hangul syllables apart. */
function classTable(): Uint8Array {
  const table = new Uint8Array(0x110000);
  for (const [name, ranges] of Object.entries(clusterRanges)) {
    if (name === 'InCB_Linker') continue;
    for (const [first, end] of decodeRanges(ranges))
      table.fill(classes[name as Exclude<keyof typeof clusterRanges, 'InCB_Linker'>], first, end);
  }
  table[10] = Control;
  table[13] = Control;
  for (let c = 0xac00; c < 0xd7a4; c++) table[c] = (c - 0xac00) % 28 === 0 ? LV : LVT;
  return table;
}

let linkers: CodePointSet | undefined;

/** The extended grapheme clusters of `text` (UAX 29). */
export function* graphemes(text: string): Generator<string> {
  classOf ??= classTable();
  const table = classOf;
  linkers ??= new CodePointSet(clusterRanges.InCB_Linker);
  let begin = 0;
  let before = -1;
  let beforePoint = 0;
  let flags = 0; // Regional indicators so far.
  let emoji = false; // A pictograph, then what extends it.
  let consonant = 0; // 1: a consonant, then what extends it; 2: a linker among that.
  for (let i = 0; i < text.length; ) {
    const point = text.codePointAt(i) as number;
    const now = table[point] as number;
    const joins =
      before === Control || now === Control
        ? beforePoint === 13 && point === 10
        : (before === L && (now === L || now === V || now === LV || now === LVT)) ||
          ((before === LV || before === V) && (now === V || now === T)) ||
          ((before === LVT || before === T) && now === T) ||
          now === Extend ||
          now === ZWJ ||
          now === SpacingMark ||
          before === Prepend ||
          (now === InCB_Consonant && consonant === 2) ||
          (emoji && before === ZWJ && now === Extended_Pictographic) ||
          (now === Regional_Indicator && before === Regional_Indicator && flags % 2 === 1);
    if (i > 0 && !joins) {
      yield text.slice(begin, i);
      begin = i;
    }
    flags = now === Regional_Indicator ? flags + 1 : 0;
    emoji = now === Extended_Pictographic || (emoji && (now === Extend || now === ZWJ));
    if (now === InCB_Consonant) consonant = 1;
    else if (consonant > 0 && linkers.has(point)) consonant = 2;
    else if (!((now === Extend && point !== 0x200c) || now === ZWJ)) consonant = 0;
    before = now;
    beforePoint = point;
    i += point > 0xffff ? 2 : 1;
  }
  if (begin < text.length) yield text.slice(begin);
}
