// Special and added tokens as Transformers gathers them before it makes a tokenizer: from tokenizer_config.json, and, where that has no
// `added_tokens_decoder`, from the files of older layouts. Invariant: a token that several files describe is what the last of them says, in the order
// in which Transformers reads them.

import { isRecord } from '../../formats/text.ts';
import type { AddedToken } from './added_tokens.ts';
import type { JsonCursor } from './json_cursor.ts';

const NAMES = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'] as const;
const mostAdded = 1_000_000;

export interface SpecialTokens {
  /** tokenizer.json's own list, in its order. */
  readonly inDefinition: readonly AddedToken[];
  /** By id, as files give it. */
  readonly decoder: ReadonlyMap<number, AddedToken>;
  /** By name: bos_token and so on, then the model's own. */
  readonly named: ReadonlyMap<string, AddedToken>;
  readonly extra: readonly AddedToken[];
}

export const namedTokens = ({ named }: SpecialTokens): AddedToken[] => [...named.values()];
export const extraTokens = ({ extra }: SpecialTokens): readonly AddedToken[] => extra;

/** A token's JSON: its text alone, or an object with how it is matched. */
function addedToken(at: JsonCursor, special?: boolean): AddedToken {
  if (typeof at.value === 'string')
    return { content: at.value, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const isSpecial = special ?? at.at('special').boolean(false);
  return {
    content: at.at('content').string(),
    single_word: at.at('single_word').boolean(false),
    lstrip: at.at('lstrip').boolean(false),
    rstrip: at.at('rstrip').boolean(false),
    normalized: at.at('normalized').boolean(!isSpecial),
    special: isSpecial,
  };
}

interface Sources {
  readonly config: JsonCursor;
  readonly definition: JsonCursor | undefined;
  readonly specialTokensMap: JsonCursor | undefined;
  readonly addedTokens: JsonCursor | undefined;
  readonly defaults: Readonly<Record<string, string>>;
}

export function specialTokens({ config, definition, specialTokensMap, addedTokens, defaults }: Sources): SpecialTokens {
  const listed = definition?.at('added_tokens');
  const inList =
    listed === undefined || listed.absent
      ? []
      : listed.list(mostAdded).map((at) => ({ id: at.at('id').count(0xffffffff), token: addedToken(at) }));
  const named = new Map<string, AddedToken>();
  const extra: AddedToken[] = [];
  const name = (key: string, token: AddedToken): void => {
    named.set(key, token);
  };
  const addExtra = (at: JsonCursor): void => {
    if (at.absent) return;
    if (isRecord(at.value)) for (const key of Object.keys(at.value)) name(key, addedToken(at.at(key)));
    else for (const token of at.list(mostAdded)) extra.push(addedToken(token));
  };
  // Later files win, and the standing names come first whatever the order of keys.
  const byKey = new Map<string, AddedToken>(Object.entries(defaults).map(([key, content]) => [key, plain(content)]));
  const readNames = (at: JsonCursor, special?: boolean): void => {
    for (const key of Object.keys(at.object())) {
      const value = at.at(key);
      const standing = (NAMES as readonly string[]).includes(key);
      if (standing && value.absent) byKey.delete(key);
      else if (standing || (key.endsWith('_token') && typeof value.value === 'string')) byKey.set(key, addedToken(value, special));
    }
  };
  readNames(config);
  const decoder = new Map<number, AddedToken>();
  const given = config.at('added_tokens_decoder');
  const extraKey = config.at('extra_special_tokens').absent ? 'additional_special_tokens' : 'extra_special_tokens';
  let extras = config.at(extraKey);
  let more: JsonCursor | undefined;
  if (given.absent) {
    if (specialTokensMap !== undefined) {
      readNames(specialTokensMap, true);
      // The older name counts only where tokenizer_config.json has neither.
      if (extras.value === undefined) extras = specialTokensMap.at('additional_special_tokens');
      more = specialTokensMap.at('extra_special_tokens');
    }
  } else {
    for (const id of Object.keys(given.object())) {
      const at = given.at(id);
      if (!/^\d{1,10}$/.test(id)) at.fail('stands under a name that is no id');
      decoder.set(Number(id), addedToken(at));
    }
  }
  for (const key of NAMES) {
    const token = byKey.get(key);
    if (token !== undefined) name(key, token);
  }
  for (const [key, token] of byKey) name(key, token);
  addExtra(extras);
  if (more !== undefined) addExtra(more);
  if (given.absent) {
    const special = new Set([...NAMES.flatMap((key) => named.get(key)?.content ?? []), ...extra.map((token) => token.content)]);
    for (const content of addedTokens === undefined ? [] : Object.keys(addedTokens.object())) {
      const isSpecial = special.has(content);
      decoder.set(addedTokens?.at(content).count(0xffffffff) as number, { ...plain(content), normalized: !isSpecial, special: isSpecial });
    }
    for (const { id, token } of inList) decoder.set(id, token);
  }
  // A name stands for the token as it was added.
  const described = new Map([...decoder.values()].map((token) => [token.content, token]));
  for (const key of NAMES) {
    const token = named.get(key);
    const known = token === undefined ? undefined : described.get(token.content);
    if (known !== undefined) named.set(key, known);
  }
  return { inDefinition: inList.map(({ token }) => token), decoder, named, extra };
}

const plain = (content: string): AddedToken => ({
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
});
