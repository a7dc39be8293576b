// How far `reversible` is from `store` with depth: MEFT1 on the bundled MiniLM, its six layers repeated to make 6, 12 and 24. Float streams: the
// reconstruction error that a run shows, and the gradients' error. Fixed streams: the number of gradient words that differ, which must be 0.
// One step from the starting values, dropout off, so that nothing but the inverse differs. No measurement of speed.

import { markdownTable } from '../cli/format.ts';
import { readJson } from '../src/hub/folder.ts';
import { backboneOf } from '../src/models/registry.ts';
import type { PolicyName, StreamKind } from '../src/protocol/config.ts';
import { RetraceError } from '../src/protocol/errors.ts';
import type { BaseModel } from '../src/session/models/base_model.ts';
import { randomBatch } from '../test/random_model.ts';
import { testEngine } from '../test/testing.ts';
import { bundledModel } from './bundled.ts';

const [B, T] = [2, 12];

type Gradients = ReadonlyMap<string, Float32Array>;

/** Of gradients taken as one vector. The classifier's are left out: they are there before anything is rebuilt. */
interface GradientError {
  /** |reversible - store| / |store| */
  readonly relative_l2: number;
  readonly cosine: number;
}

interface DepthError {
  readonly num_hidden_layers: number;
  readonly float: {
    /** Largest difference of the streams rebuilt below the lowest layer over their largest magnitude. */
    readonly reconstruction_error: number;
    /** Over the adapters of all layers, and over those of the lowest layer alone, the last to be rebuilt. */
    readonly all_layers: GradientError;
    readonly lowest_layer: GradientError;
  } | null;
  readonly fixed: { readonly differing_words: number; readonly words: number };
}

/** MiniLM with its layers repeated up to a depth. */
async function cycled(model: BaseModel, num_hidden_layers: number): Promise<BaseModel> {
  const config = { ...((await readJson(model.folder, 'config.json')) as object), num_hidden_layers };
  const own = model.backbone().config.num_hidden_layers;
  const source = (name: string) => name.replace(/^(encoder\.layer\.)(\d+)/, (_, path: string, i: string) => `${path}${Number(i) % own}`);
  return {
    ...model,
    backbone: (dropout) => backboneOf(config, 'MiniLM, its layers repeated', dropout),
    entry: (name) => model.entry(source(name)),
    storedType: (name) => model.storedType(source(name)),
  };
}

async function gradientsOf(model: BaseModel, streams: StreamKind, policy: PolicyName) {
  const { trainer, executor } = await testEngine({
    model,
    method: 'meft1',
    policy,
    options: { streams },
    pooling: 'mean',
    num_labels: 10,
    batch_size: B,
    lengths: [T],
  });
  try {
    const { reconstruction = [] } = await trainer.step(0, [randomBatch(1, B, T, 30522, 10)]);
    const reconstruction_error = reconstruction[0]?.error ?? 0;
    return { reconstruction_error, gradients: (await trainer.read('gradient')) as Gradients };
  } finally {
    executor.destroy();
  }
}

/** As above, or null where the inverse left the range of f32. */
const gradientsOrNull = (...trial: Parameters<typeof gradientsOf>) =>
  gradientsOf(...trial).catch((error: unknown) => {
    if (error instanceof RetraceError && error.code === 'not-finite') return null;
    throw error;
  });

function compare(expected: Gradients, found: Gradients, prefix: string): GradientError {
  let [difference, own, other, product] = [0, 0, 0, 0];
  for (const [name, x] of expected) {
    if (!name.startsWith(prefix)) continue;
    const y = found.get(name) as Float32Array;
    x.forEach((a, i) => {
      const b = y[i] as number;
      difference += (a - b) ** 2;
      own += a * a;
      other += b * b;
      product += a * b;
    });
  }
  return { relative_l2: Math.sqrt(difference / own), cosine: product / Math.sqrt(own * other) };
}

function differingWords(a: Gradients, b: Gradients): DepthError['fixed'] {
  const wordsOf = (gradients: Gradients, name: string) => new Uint32Array((gradients.get(name) as Float32Array).slice().buffer);
  const pairs = [...a.keys()].map((name) => [wordsOf(a, name), wordsOf(b, name)] as const);
  return {
    differing_words: pairs.reduce((sum, [x, y]) => sum + x.filter((word, i) => word !== y[i]).length, 0),
    words: pairs.reduce((sum, [x]) => sum + x.length, 0),
  };
}

async function measure(num_hidden_layers: number): Promise<DepthError> {
  const model = await cycled(await bundledModel(), num_hidden_layers);
  const stored = await gradientsOf(model, 'float', 'store');
  const reversed = await gradientsOrNull(model, 'float', 'reversible');
  const exact = [await gradientsOf(model, 'fixed', 'store'), await gradientsOf(model, 'fixed', 'reversible')] as const;
  return {
    num_hidden_layers,
    float: reversed && {
      reconstruction_error: reversed.reconstruction_error,
      all_layers: compare(stored.gradients, reversed.gradients, 'encoder.'),
      lowest_layer: compare(stored.gradients, reversed.gradients, 'encoder.layer.0.'),
    },
    fixed: differingWords(exact[0].gradients, exact[1].gradients),
  };
}

export async function run(json: boolean): Promise<void> {
  const rows: DepthError[] = [];
  for (const layers of [6, 12, 24]) rows.push(await measure(layers));
  console.log(json ? JSON.stringify({ batch: B, length: T, rows }) : table(rows));
}

function table(rows: readonly DepthError[]): string {
  const head = [
    'layers',
    'float: reconstruction error',
    'gradient error, all layers',
    'cosine',
    'gradient error, lowest layer',
    'cosine',
    'fixed: gradient words that differ',
  ];
  const errorCells = ({ relative_l2, cosine }: GradientError) => [relative_l2.toPrecision(2), cosine.toFixed(4)];
  const cells = ({ num_hidden_layers, float, fixed }: DepthError) => [
    String(num_hidden_layers),
    ...(float
      ? [float.reconstruction_error.toExponential(1), ...errorCells(float.all_layers), ...errorCells(float.lowest_layer)]
      : ['not finite', '', '', '', '']),
    `${fixed.differing_words} of ${fixed.words}`,
  ];
  return markdownTable([head, ...rows.map(cells)]);
}
