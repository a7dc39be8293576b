// Decoders of tokenizer.json: tokens back to text, each from a list of tokens to a list of pieces, which stand side by side in the end. Not which ids are left
// out (engine.ts). Invariant: character for character what the Rust library makes; bytes that are no UTF-8 become U+FFFD.

import { bytesSpelled } from './byte_level.ts';
import type { JsonCursor } from './json_cursor.ts';
import { mostDepth, mostSteps, patternOf } from './normalizers.ts';
import { Work } from './work.ts';

/** Far more than anyone reads at once. */
const mostCharacters = 1 << 24;

export type Decoder = (tokens: readonly string[]) => string[];

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A token that is spelled in GPT-2's alphabet is its bytes; any other is itself. */
const byteLevel: Decoder = (tokens) => {
  const bytes = tokens.flatMap((token) => [...(bytesSpelled(token) ?? new TextEncoder().encode(token))]);
  // A mark at the beginning is a character like any other.
  return [new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes))];
};

/** Spaces before marks and shortened words, which tokens were parted at. */
const tidied: readonly (readonly [string, string])[] = [
  ...([' .', ' ?', ' !', ' ,'] as const).map((mark) => [mark, mark.slice(1)] as const),
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [' do not', " don't"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];

const tidy = (text: string, rules = tidied): string => rules.reduce((tidier, [from, to]) => tidier.replaceAll(from, to), text);

/** The same as Transformers does it behind a decoder, where tokenizer_config.json asks for it. */
export const cleanUpSpaces = (text: string): string =>
  tidy(
    text,
    tidied.filter(([from]) => from !== ' do not'),
  );

function wordPiece(at: JsonCursor): Decoder {
  const prefix = at.at('prefix').string('##');
  const cleanup = at.at('cleanup').boolean(true);
  return (tokens) =>
    tokens.map((token, i) => {
      const piece = i === 0 ? token : prefix !== '' && token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`;
      return cleanup ? tidy(piece) : piece;
    });
}

/** The first token has no space before it, but where none was put there. */
function metaspace(at: JsonCursor): Decoder {
  const replacement = at.at('replacement').string('\u2581');
  const scheme = at
    .at('prepend_scheme')
    .oneOf(['always', 'first', 'never'], at.at('add_prefix_space').value === false ? 'never' : 'always');
  return (tokens) => tokens.map((token, i) => token.replaceAll(replacement, i === 0 && scheme !== 'never' ? '' : ' '));
}

/** A suffix stands at the end of each word. */
function bpe(at: JsonCursor): Decoder {
  const suffix = at.at('suffix').string('</w>');
  return (tokens) => tokens.map((token, i) => (suffix === '' ? token : token.replaceAll(suffix, i === tokens.length - 1 ? '' : ' ')));
}

/** `<0xE6>` and its like are bytes; a run of them that is no UTF-8 is as many U+FFFD. */
const byteFallback: Decoder = (tokens) => {
  const pieces: string[] = [];
  let bytes: number[] = [];
  const flush = () => {
    if (bytes.length === 0) return;
    try {
      pieces.push(strictUtf8.decode(Uint8Array.from(bytes)));
    } catch {
      pieces.push(...bytes.map(() => '\ufffd'));
    }
    bytes = [];
  };
  for (const token of tokens) {
    const [, byte] = /^<0x([0-9A-Fa-f]{2})>$/.exec(token) ?? [];
    if (byte !== undefined) bytes.push(Number.parseInt(byte, 16));
    else {
      flush();
      pieces.push(token);
    }
  }
  flush();
  return pieces;
};

function strip(at: JsonCursor): Decoder {
  const content = at.at('content').string();
  const [start, stop] = [at.at('start').count(1000), at.at('stop').count(1000)];
  return (tokens) =>
    tokens.map((token) => {
      const characters = [...token];
      let [begin, end] = [0, characters.length];
      while (begin < Math.min(start, end) && characters[begin] === content) begin++;
      while (characters.length - end < stop && end > begin && characters[end - 1] === content) end--;
      return characters.slice(begin, end).join('');
    });
}

function* places(text: string, literal: string): Generator<readonly [number, number]> {
  for (let i = text.indexOf(literal); i >= 0; i = text.indexOf(literal, i + literal.length)) yield [i, i + literal.length];
}

function replace(at: JsonCursor): Decoder {
  const pattern = patternOf(at);
  const content = at.at('content').string();
  return (tokens) =>
    tokens.map((token) => {
      const work = new Work();
      work.begin(token.length);
      let [replaced, last] = ['', 0];
      for (const [begin, end] of typeof pattern === 'string' ? places(token, pattern) : pattern.matches(token, work)) {
        replaced += token.slice(last, begin) + content;
        work.hold(replaced.length, at.path);
        last = end;
      }
      return replaced + token.slice(last);
    });
}

function sequence(at: JsonCursor, depth: number): Decoder {
  if (depth >= mostDepth) at.fail(`is nested more than ${mostDepth} deep`);
  const steps = at
    .at('decoders')
    .list(mostSteps)
    .map((step) => decoderOf(step, depth + 1));
  return (tokens) =>
    steps.reduce<string[]>(
      (pieces, step) => {
        const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
        return length > mostCharacters ? at.fail(`makes more than ${mostCharacters} characters of ${tokens.length} tokens`) : step(pieces);
      },
      [...tokens],
    );
}

/** A decoder, from its JSON. Error: `bad-tokenizer`. */
export function decoderOf(at: JsonCursor, depth = 0): Decoder {
  const kinds: Readonly<Record<string, () => Decoder>> = {
    ByteLevel: () => byteLevel,
    WordPiece: () => wordPiece(at),
    Metaspace: () => metaspace(at),
    BPEDecoder: () => bpe(at),
    ByteFallback: () => byteFallback,
    Fuse: () => (tokens) => [tokens.join('')],
    Strip: () => strip(at),
    Replace: () => replace(at),
    Sequence: () => sequence(at, depth),
  };
  return (kinds[at.at('type').oneOf(Object.keys(kinds))] as () => Decoder)();
}

/** Without a decoder, tokens stand with spaces between them. */
export const withSpaces: Decoder = (tokens) => [tokens.join(' ')];
