// What it takes to write with the model of an engine: where its texts begin and end, how many tokens they have room for, ids in words, and a writer whose
// programs are planned and allocated beside the engine's own. Not here: what is written (generating.ts for people's prompts, written.ts for examples).

import { paddedTo } from '../../data/batches.ts';
import { isRecord } from '../../formats/text.ts';
import { type GenerationPlan, planGeneration, type Room } from '../../generate/programs.ts';
import type { TextEnds } from '../../generate/texts.ts';
import { Writer } from '../../generate/writer.ts';
import { readJson } from '../../hub/folder.ts';
import { textPositions } from '../../protocol/lengths.ts';
import { streamLimitOf } from '../../train/programs.ts';
import type { BaseModel } from '../models/base_model.ts';
import type { Engine } from './engine.ts';
import { withRemedies } from './remedies.ts';

/** Texts that are written together. */
export const mostTogether = 8;

export const idsOf = (value: unknown): number[] =>
  (Array.isArray(value) ? value : [value]).filter((id): id is number => typeof id === 'number' && Number.isInteger(id) && id >= 0);

/** generation_config.json, where the folder has one, says more than config.json, and that more than the tokenizer. */
async function endsOf({ folder, config, backbone }: BaseModel, eosTokenId: number | undefined): Promise<TextEnds> {
  const file = await folder.open('generation_config.json');
  const own: unknown = file ? await readJson(folder, 'generation_config.json') : {};
  const said = (key: string): number[] => {
    const first = isRecord(own) ? idsOf(own[key]) : [];
    return first.length > 0 ? first : idsOf(config[key]);
  };
  const eos = said('eos_token_id');
  const { decoder_start_token_id } = backbone().config;
  return {
    eos_token_ids: eos.length > 0 ? eos : idsOf(eosTokenId),
    ...(decoder_start_token_id === undefined
      ? {}
      : {
          decoder_start_token_id: said('decoder_start_token_id')[0] ?? decoder_start_token_id,
          forced_bos_token_id: said('forced_bos_token_id')[0],
          forced_eos_token_id: said('forced_eos_token_id')[0],
        }),
  };
}

/** How an engine's model writes. */
export interface WritingWays {
  readonly ends: TextEnds;
  /** Tokens that a text may have. */
  readonly positions: number;
  /** Whether a text goes on with its prompt, or another stack reads that. */
  readonly goes_on: boolean;
  /** The ids that follow a prompt, in words. */
  decode(prompt: readonly number[], tokens: readonly number[]): string;
}

export const positionsOf = ({ backbone, method, options }: Engine['setup']): number =>
  textPositions(backbone.config.max_position_embeddings, method, options);

export async function writingWays({ setup, model, tokenizer }: Engine): Promise<WritingWays> {
  const ends = await endsOf(model, tokenizer.eosTokenId);
  const goes_on = ends.decoder_start_token_id === undefined;
  return {
    ...{ ends, positions: positionsOf(setup), goes_on },
    decode(prompt, tokens) {
      if (!goes_on) return tokenizer.decode(tokens);
      // Decoded with its prompt a text keeps the space that it begins with.
      const [before, whole] = [tokenizer.decode(prompt), tokenizer.decode([...prompt, ...tokens])];
      return whole.startsWith(before) ? whole.slice(before.length) : tokenizer.decode(tokens);
    },
  };
}

/** As little is compiled anew for prompts of other lengths. */
export const roundedUp = (count: number, most: number): number => paddedTo(count, 16, most);

/** Plans what the texts need beside an engine's programs. Errors: those of `planGeneration`. */
export const planWriter = ({ setup, executor, registry }: Engine, room: Room): GenerationPlan =>
  planGeneration(setup, { plan: executor.plan, registry }, room);

/** Allocates what was planned. Whoever has it closes it. */
export async function writerOf({ setup, executor }: Engine, planned: GenerationPlan): Promise<Writer> {
  const own = await executor.beside(planned.plan).catch((error) => {
    throw withRemedies(error, setup, executor.plan.total + planned.plan.total);
  });
  return new Writer(own, planned, streamLimitOf(setup));
}
