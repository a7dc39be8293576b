// Post-processors of tokenizer.json: which special tokens stand round one text or a pair, and the type of each place. Made into two templates when the
// tokenizer is read; a text only fills them. Invariant: lengths of templates do not depend on the text.

import type { JsonCursor } from './json_cursor.ts';
import { mostDepth, mostSteps } from './normalizers.ts';

/** Ids that always stand there, or the place of the first (0) or second (1) text. */
export type Piece = { readonly ids: readonly number[]; readonly type: number } | { readonly text: 0 | 1; readonly type: number };

export interface Templates {
  readonly single: readonly Piece[];
  readonly pair: readonly Piece[];
}

export const plainTemplates: Templates = {
  single: [{ text: 0, type: 0 }],
  pair: [
    { text: 0, type: 0 },
    { text: 1, type: 1 },
  ],
};

/** Special tokens of a template. */
export const specialTokens = (pieces: readonly Piece[]): number =>
  pieces.reduce((sum, piece) => sum + ('ids' in piece ? piece.ids.length : 0), 0);

/** Ids before the first text. */
export function leadingOf(pieces: readonly Piece[]): number[] {
  const texts = pieces.findIndex((piece) => 'text' in piece);
  return pieces.slice(0, Math.max(0, texts)).flatMap((piece) => ('ids' in piece ? piece.ids : []));
}

const mostPieces = 256;
const mostId = 0xffffffff;

/** cls A sep, cls A sep B sep. */
export const bertTemplates = (cls: number, sep: number): Templates => {
  const single: Piece[] = [
    { ids: [cls], type: 0 },
    { text: 0, type: 0 },
    { ids: [sep], type: 0 },
  ];
  return { single, pair: [...single, { text: 1, type: 1 }, { ids: [sep], type: 1 }] };
};

/** cls A sep, cls A sep sep B sep; all of type 0. */
export const robertaTemplates = (cls: number, sep: number): Templates => {
  const single: Piece[] = [
    { ids: [cls], type: 0 },
    { text: 0, type: 0 },
    { ids: [sep], type: 0 },
  ];
  return { single, pair: [...single, { ids: [sep], type: 0 }, { text: 1, type: 0 }, { ids: [sep], type: 0 }] };
};

function tokenAndId(at: JsonCursor): number {
  const [token, id] = at.list(2);
  token?.string();
  return id === undefined ? at.fail('should be a token and its id') : id.count(mostId);
}

function template(at: JsonCursor): Templates {
  const special = at.at('special_tokens');
  const piecesOf = (key: 'single' | 'pair'): Piece[] =>
    at
      .at(key)
      .list(mostPieces)
      .map((piece): Piece => {
        const sequence = piece.at('Sequence');
        if (!sequence.absent) {
          const text = sequence.at('id').oneOf(['A', 'B']) === 'A' ? 0 : 1;
          if (text === 1 && key === 'single') piece.fail('stands for a second text where there is one alone');
          return { text, type: sequence.at('type_id').count(mostId) };
        }
        const token = piece.at('SpecialToken');
        const ids = special.at(token.at('id').string()).at('ids');
        return { ids: ids.list(mostPieces).map((id) => id.count(mostId)), type: token.at('type_id').count(mostId) };
      });
  return { single: piecesOf('single'), pair: piecesOf('pair') };
}

/** Templates, from a post-processor's JSON; none there is none. Error: `bad-tokenizer`. */
export function templatesOf(at: JsonCursor, depth = 0): Templates {
  if (at.absent) return plainTemplates;
  switch (at.at('type').oneOf(['BertProcessing', 'RobertaProcessing', 'TemplateProcessing', 'ByteLevel', 'Sequence'])) {
    case 'BertProcessing':
      return bertTemplates(tokenAndId(at.at('cls')), tokenAndId(at.at('sep')));
    case 'RobertaProcessing':
      return robertaTemplates(tokenAndId(at.at('cls')), tokenAndId(at.at('sep')));
    case 'TemplateProcessing':
      return template(at);
    case 'ByteLevel':
      return plainTemplates;
    case 'Sequence': {
      if (depth >= mostDepth) at.fail(`is nested more than ${mostDepth} deep`);
      const steps = at.at('processors').list(mostSteps);
      const adding = steps.map((step) => templatesOf(step, depth + 1)).filter((templates) => templates !== plainTemplates);
      if (adding.length > 1) at.fail('adds special tokens in more than one step, which Retrace does not know');
      return adding[0] ?? plainTemplates;
    }
  }
}
