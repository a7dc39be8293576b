// What an evaluation takes: texts of CLINC150's validation set through the bundled model, as a run evaluates (padded sizes of its data, MEFT1 reversible, beside
// training programs) and as an imported adapter does (padded sizes for any text). `evaluate 3000` takes another number of texts than 600; `evaluate kernels`
// tells where the time goes. Logits are told by their checksum: what makes an evaluation faster must not change it. Not a test: times are the machine's.

import { readFileSync } from 'node:fs';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { dataFile } from '../cli/data.ts';
import { nodeHost } from '../cli/host.ts';
import { bucketsFor } from '../src/data/batches.ts';
import { encodeTexts, exampleOf, type TokenizedExample } from '../src/data/dataset.ts';
import { loadTokenizer, type Tokenizer } from '../src/data/tokenizer.ts';
import { openDevice } from '../src/gpu/device.ts';
import { defaultTraining } from '../src/protocol/config.ts';
import { type Engine, startEngine } from '../src/session/engine/engine.ts';
import { judge } from '../src/session/engine/judge.ts';
import { outputsOf } from '../src/tasks/task.ts';
import { evaluationShapes, lengthsUpTo } from '../src/train/evaluation_shapes.ts';
import { bundledModel } from './bundled.ts';

const maxLength = 128;
const usualCount = 600;

function textsOf(part: 'train' | 'validation', count: number): string[] {
  const rows = readFileSync(dataFile({ kind: 'bundled', name: 'clinc150', part }), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1);
  return rows.slice(0, count).map((row) => row.split('\t')[0] as string);
}

const encoded = (tokenizer: Tokenizer, texts: readonly string[]): TokenizedExample[] =>
  texts.map((text) => exampleOf(encodeTexts({ text, label: 0 }, tokenizer, maxLength), 0));

interface Timing {
  readonly as: 'run' | 'import';
  readonly examples: number;
  readonly shapes: readonly string[];
  readonly seconds: number;
  readonly ms_per_text: number;
  /** Of all cores; on a software adapter it tells builds apart where others use the machine too. */
  readonly busy_seconds: number;
  readonly planned_bytes: number;
  readonly logits: string;
  readonly kernels?: readonly { readonly kernel: string; readonly calls: number; readonly ms: number }[];
}

async function timed(as: Timing['as'], engine: Engine, examples: readonly TokenizedExample[], kernels: boolean): Promise<Timing> {
  const first = examples.slice(0, 64);
  await judge(engine, first);
  const [begin, before] = [performance.now(), process.cpuUsage()];
  const outputs = outputsOf(await judge(engine, examples));
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(before);
  const found = kernels ? await profiled(engine) : undefined;
  return {
    ...{ as, examples: examples.length, shapes: evaluationShapes(engine.setup).map(({ length, rows }) => `${rows} × ${length}`), seconds },
    ...{ ms_per_text: (seconds * 1000) / examples.length, busy_seconds: (user + system) / 1e6, planned_bytes: engine.executor.plan.total },
    logits: bytesToHex(sha256(new Uint8Array(outputs.buffer))).slice(0, 16),
    ...(found ? { kernels: found } : {}),
  };
}

/** Of one batch of each evaluation program. */
async function profiled({ executor }: Engine) {
  const found = new Map<string, { calls: number; ms: number }>();
  for (const name of executor.plan.programs.keys()) {
    if (!name.startsWith('evaluation')) continue;
    for (const [kernel, { calls, ms }] of await executor.profile(name)) {
      const sum = found.get(`${name} ${kernel}`) ?? { calls: 0, ms: 0 };
      found.set(`${name} ${kernel}`, { calls: sum.calls + calls, ms: sum.ms + ms });
    }
  }
  return [...found].map(([kernel, own]) => ({ kernel, ...own }));
}

export async function run(json: boolean, of: readonly string[]): Promise<void> {
  const count = Number(of.find((word) => /^\d+$/.test(word)) ?? usualCount);
  const device = await openDevice(await nodeHost().gpu());
  const model = await bundledModel();
  const tokenizer = await loadTokenizer(model.folder);
  const examples = encoded(tokenizer, textsOf('validation', count));
  const training = { ...defaultTraining, dropout: 0.1 };
  const labels = Array.from({ length: 10 }, (_, i) => `LABEL_${i}`);
  const ways = {
    run: {
      purposes: ['training', 'evaluation'],
      buckets: bucketsFor([...examples, ...encoded(tokenizer, textsOf('train', 20_000))], maxLength),
    },
    import: { purposes: ['evaluation'], buckets: lengthsUpTo(maxLength).map((length) => ({ length })) },
  } as const;
  const timings: Timing[] = [];
  for (const [as, own] of Object.entries(ways)) {
    const engine = await startEngine(device, {
      ...{ ...own, model, tokenizer, labels, max_steps: 1 },
      config: { method: 'meft1', policy: 'reversible', checkpoint_every: 1, options: {}, pooling: 'mean', training },
      onPhase: () => undefined,
      onPlan: () => undefined,
    });
    timings.push(await timed(as as Timing['as'], engine, examples, of.includes('kernels')));
    engine.executor.destroy();
  }
  if (json) return console.log(JSON.stringify({ device: device.info.description || device.info.vendor, timings }));
  for (const { as, shapes, seconds, ms_per_text, busy_seconds, planned_bytes, logits, kernels = [] } of timings) {
    const sizes = `batches of ${shapes.join(', ')}`;
    const said = `${seconds.toFixed(1)} s (${busy_seconds.toFixed(1)} s of processor time) for ${examples.length} texts, ${ms_per_text.toFixed(1)} ms each`;
    console.log(`as ${as}: ${said}; ${(planned_bytes / 2 ** 20).toFixed(1)} MiB planned; ${sizes}; logits ${logits}`);
    for (const { kernel, calls, ms } of kernels)
      console.log(`  ${kernel.padEnd(40)} ${String(calls).padStart(5)} ${ms.toFixed(2).padStart(9)} ms`);
  }
}
