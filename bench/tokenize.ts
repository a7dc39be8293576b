// A million texts to ids by the bundled tokenizer, through the slices and with the progress of a session: CLINC150's requests, their words moved
// round and a number put in, so that no two are the same. Not a test: the rate is the machine's.

import { readFileSync } from 'node:fs';
import { tokenizeDataset } from '../src/data/dataset.ts';
import { loadTokenizer } from '../src/data/tokenizer.ts';
import { bundledModel, bundledTexts } from './bundled.ts';

const count = 1_000_000;
const maxLength = 64;

function* texts(): Generator<string> {
  const rows = readFileSync(bundledTexts(), 'utf8').trimEnd().split('\n').slice(1);
  const requests = rows.map((row) => (row.split('\t')[0] as string).split(' '));
  for (let i = 0; i < count; i++) {
    const words = requests[i % requests.length] as readonly string[];
    const round = Math.floor(i / requests.length);
    const turn = round % words.length;
    yield [...words.slice(turn), ...words.slice(0, turn), String(round)].join(' ');
  }
}

export async function run(json: boolean): Promise<void> {
  const tokenizer = await loadTokenizer((await bundledModel()).folder);
  const examples = Array.from(texts(), (text) => ({ text, label: 0 }));
  let told = 0;
  const onProgress = (): void => {
    told += 1;
  };
  const [begin, before] = [performance.now(), process.cpuUsage().user];
  const done = await tokenizeDataset({ examples, labels: ['any'] }, tokenizer, { maxLength, onProgress });
  const seconds = (performance.now() - begin) / 1000;
  const cpuSeconds = (process.cpuUsage().user - before) / 1e6;
  const tokens = done.lengths.reduce((sum, length) => sum + length, 0);
  const result = { texts: count, tokens, seconds, texts_per_second: Math.round(count / seconds) };
  const cpu = { texts_per_cpu_second: Math.round(count / cpuSeconds), progress_events: told };
  if (json) console.log(JSON.stringify({ ...result, ...cpu }));
  else {
    const rates = `${result.texts_per_second} texts a second, ${cpu.texts_per_cpu_second} a second of processor time`;
    console.log(`${count} texts, ${tokens} tokens in ${seconds.toFixed(1)} s: ${rates}; progress was told ${told} times`);
  }
}
