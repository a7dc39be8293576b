// generate: texts that a model writes behind each --text, an adapter's or a pretrained one's, shown as they come.

import { type GenerationOptions, parseGeneration } from '../../src/protocol/config.ts';
import { generationOptions, ofDraws } from '../../src/protocol/options/generation.ts';
import { countText } from '../../src/protocol/sentences.ts';
import type { Console } from '../console.ts';
import { fetched, stopped } from '../fetching.ts';
import { type Given, usage } from '../flags.ts';
import { modelPlace, modelRef } from '../models.ts';
import { type OpenSession, openSession, sayDevice } from '../open_session.ts';
import { flagOf, givenOptions } from '../option_flags.ts';
import { asUsage, listOf, textOf } from '../settings.ts';
import { importGiven } from './evaluate.ts';

/** Makes ready what writes: the adapter on its base, or a model as it is. */
async function ready(calls: OpenSession['calls'], given: Given, console: Console): Promise<void> {
  if (textOf(given, 'adapter') !== undefined) {
    await importGiven(calls, given, console);
    return;
  }
  const asked = textOf(given, 'model');
  if (asked === undefined)
    throw usage('Neither an adapter nor a model is named.', 'Add --adapter, or --model for a pretrained model as it is.', '--adapter');
  const { place } = await fetched(calls, modelPlace(asked, given), console);
  await sayDevice(calls, console);
  await calls.openLanguageModel({ model: await modelRef(place) });
}

/** Error: `usage`, naming the flag. */
function optionsOf(given: Given): GenerationOptions {
  const chosen = givenOptions(given, Object.keys(generationOptions));
  const idle = ofDraws.find((name) => chosen[name] !== undefined);
  if (idle !== undefined && chosen['do_sample'] !== true) {
    throw usage(`${flagOf(idle)} changes nothing where no token is drawn.`, 'Add --do-sample, or leave it out.', flagOf(idle));
  }
  try {
    return parseGeneration(chosen);
  } catch (thrown) {
    throw asUsage(thrown);
  }
}

export async function generate(given: Given, console: Console): Promise<number> {
  const prompts = listOf(given, 'text') ?? [];
  if (prompts.length === 0) throw usage('There is nothing to go on from.', 'Give --text "...", once or several times.', '--text');
  const options = optionsOf(given);
  let shown = '';
  let begun = false;
  /** Shows the prompt before what is written of it. */
  const begin = (goes_on: boolean) => {
    if (!begun) console.part(`${prompts[0]}${goes_on ? '' : '\n'}`);
    begun = true;
  };
  const { calls } = openSession(console, given, {
    onEvent(event) {
      if (event.type !== 'writing' || prompts.length > 1) return;
      begin(event.goes_on);
      // What was shown is only ever added to.
      console.part(event.text.slice(shown.length));
      shown = event.text;
    },
  });
  await ready(calls, given, console);
  let signals = 0;
  const stop = () => {
    signals += 1;
    if (signals > 1) process.exit(stopped);
    void calls.stopWriting(undefined);
  };
  process.on('SIGINT', stop);
  try {
    const since = performance.now();
    const written = await calls.generate({ prompts, options });
    for (const [i, own] of written.entries()) {
      console.event({ type: 'text', prompt: prompts[i], ...own });
      if (prompts.length === 1) {
        begin(own.goes_on);
        console.result(own.text.slice(shown.length));
      } else console.result(`${prompts[i]}${own.goes_on ? '' : '\n'}${own.text}\n`);
    }
    const tokens = written.reduce((sum, own) => sum + own.tokens, 0);
    const seconds = (performance.now() - since) / 1000;
    console.say(
      `${countText(tokens)} tokens in ${seconds.toFixed(1)} s; ended by: ${[...new Set(written.map(({ finish }) => finish))].join(', ')}`,
    );
    return signals > 0 ? stopped : 0;
  } finally {
    process.off('SIGINT', stop);
  }
}
