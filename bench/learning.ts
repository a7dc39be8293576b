// What each method learns in the first run: CLINC150's domains on the bundled model, 200 steps of 16 texts, each method at its own defaults, scored on
// the 3,000 validation texts after the last step. `node scripts/bench.mjs learning METHOD...` trains these (minutes to half an hour each on a
// software adapter) and keeps what it saw in docs/learning/METHOD.json; without a method it prints docs/learning.md from what is kept, beside
// PyTorch's run of the same recipe (python/vectors/quality), and behind it what learning_glue.ts, learning_decoders.ts and learning_pictures.ts have kept. Not
// a test: one seed is worth about half a point.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { markdownTable } from '../cli/format.ts';
import { methodNamed, methods } from '../src/methods/registry.ts';
import type { PolicyName } from '../src/protocol/config.ts';
import type { HostStep } from '../src/protocol/messages.ts';
import { countText } from '../src/protocol/sentences.ts';
import { decodersSection } from './learning_decoders.ts';
import { glueSection } from './learning_glue.ts';
import { picturesSection } from './learning_pictures.ts';
import { type Pace, paceFile } from './pace.ts';
import { deviceName, trainedBy } from './trained.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const fileOf = (method: string) => join(root, 'docs/learning', `${method}.json`);

/** What a run of one method showed. */
interface Learned {
  readonly method: string;
  readonly policy: PolicyName;
  readonly device: string;
  readonly learning_rate: number;
  readonly trainable_parameters: number;
  readonly accuracy: number;
  /** Every byte of the run's plan, evaluation included, and what of it is activations and workspace. */
  readonly bytes: number;
  readonly activation_and_workspace: number;
  /** Bytes off the GPU. */
  readonly host_bytes: number;
  readonly loss: readonly number[];
  /** Where the method lives off the GPU: share of its rows that each step activated, and bytes that it moved, as a multiple of the adapters' own. */
  readonly activated?: readonly number[];
  readonly moved?: readonly number[];
}

interface Twin {
  readonly runs: readonly { readonly learning_rate?: number; readonly accuracy: number }[];
}

const overSteps = (steps: readonly HostStep[], adapterBytes: number) => ({
  activated: steps.map(({ rows, of }) => Number((rows / of).toFixed(4))),
  moved: steps.map(({ to_gpu, from_gpu }) => Number(((to_gpu + from_gpu) / adapterBytes).toFixed(4))),
});

async function learn(name: string): Promise<Learned> {
  const method = methodNamed(name);
  const device = await deviceName();
  const { plan, steps, scores } = await trainedBy(name, ['--label-column', 'domain', '--method', name]);
  const { bytes, host, trainable_parameters, policy } = plan;
  return {
    method: name,
    policy,
    device,
    learning_rate: method.learning_rate,
    trainable_parameters,
    accuracy: Number(scores['accuracy']),
    bytes: bytes.total,
    activation_and_workspace: bytes.activation + bytes.workspace,
    host_bytes: host?.bytes ?? 0,
    loss: steps.map(({ loss }) => Number(loss.toFixed(4))),
    ...(host
      ? overSteps(
          steps.flatMap((step) => step.host ?? []),
          4 * trainable_parameters,
        )
      : {}),
  };
}

export async function run(json: boolean, of: readonly string[]): Promise<void> {
  // Before the first run: a name that is not there is told at once.
  of.forEach(methodNamed);
  for (const name of of) {
    const learned = await learn(name);
    mkdirSync(join(root, 'docs/learning'), { recursive: true });
    writeFileSync(fileOf(name), `${JSON.stringify(learned)}\n`);
    console.error(`${name}: ${percent(learned.accuracy)}`);
  }
  if (of.length > 0) return;
  const kept = methods.filter(({ name }) => existsSync(fileOf(name))).map(({ name }) => read<Learned>(fileOf(name)));
  console.log(json ? JSON.stringify(kept) : markdown(kept));
}

const read = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

function markdown(rows: readonly Learned[]): string {
  const pace = read<Pace>(paceFile);
  const table = rows.map((row) => {
    const path = join(root, 'python/vectors/quality', `${row.method}.json`);
    const twin = existsSync(path) ? read<Twin>(path).runs.find(({ learning_rate }) => learning_rate === row.learning_rate) : undefined;
    return [
      row.method,
      row.policy,
      String(row.learning_rate),
      countText(row.trainable_parameters),
      percent(row.accuracy),
      twin ? percent(twin.accuracy) : '',
      twin ? (100 * (row.accuracy - twin.accuracy)).toFixed(2) : '',
      mib(row.bytes),
      mib(row.activation_and_workspace),
      row.host_bytes > 0 ? mib(row.host_bytes) : '',
      (pace.of_full[row.method] as number).toFixed(2),
    ];
  });
  return [
    '<!-- Made by `node scripts/bench.mjs learning > docs/learning.md`; do not edit. -->',
    '# What each method learns in the first run',
    '',
    'CLINC150 (Larson et al. 2019, CC BY 3.0), 10 domains, on the bundled all-MiniLM-L6-v2: 200 steps of 16 texts, each method at its own defaults,',
    'seed 42, accuracy on the 3,000 validation texts after the last step; beside it PyTorch with the same recipe and seed. One seed is worth about',
    'half a point, and the two draw other batches. Each row is a run of `node scripts/bench.mjs learning METHOD`; the recipe is that of',
    '`node bin/retrace.mjs train --label-column domain --method METHOD --eval-steps 0`. MiB are by plan. Times are those',
    `of a step of batch ${pace.batch}, length ${pace.length}, as multiples of full fine-tuning's, all in one run of \`node scripts/bench.mjs pace\`. Device:`,
    `${[...new Set([pace.device, ...rows.map(({ device }) => device)])].join('; ')}.`,
    '',
    markdownTable([
      [
        'method',
        'policy',
        'learning rate',
        'trainable',
        'accuracy',
        'PyTorch',
        'points apart',
        'GPU MiB',
        'of it activation + workspace',
        'host MiB',
        'time',
      ],
      ...table,
    ]),
    ...rows.flatMap(({ method, activated, moved }) => (activated && moved ? ['', overTraining(method, activated, moved)] : [])),
    ...glueSection(),
    ...decodersSection(),
    ...picturesSection(),
  ].join('\n');
}

/** What tokens share of the rows off the GPU, as training goes on. */
function overTraining(method: string, activated: readonly number[], moved: readonly number[]): string {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [first, last] = [activated.slice(0, 20), activated.slice(-20)].map((shares) => percent(mean(shares)));
  const [before, after] = [moved.slice(0, 20), moved.slice(-20)].map((times) => mean(times).toFixed(2));
  return `\`${method}\`: a step activated ${first} of the rows off the GPU in the first twenty steps and ${last} in the last, and moved ${before} and ${after} times\nthe adapters' own bytes.`;
}
