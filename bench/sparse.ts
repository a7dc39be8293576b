// What sparse adapters cost and spare: GPU bytes beside the dense parallel adapter's, by plan; rows that texts activate, and so bytes moved; what the
// host computes; and how the exchange can be scheduled. Prints Markdown. BERT-base's configuration, r = 4096, batch 2, length 256, where nothing else
// is said. Real states are the bundled model's (384 wide) on its own texts, packed to 256 tokens; host times are processor time of one thread.

import { bytesText, markdownTable } from '../cli/format.ts';
import { marksOf } from './sparse/marks.ts';
import { hostTimes, normals, recallOf, shareOf } from './sparse/routing.ts';
import { realStates } from './sparse/states.ts';

const [r, C, L, B, T, K] = [4096, 768, 12, 2, 256, 64];
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const times = (factor: number): string => `${factor.toFixed(2)} ×`;

/** Bytes of a step to the GPU and back where a layer activates this share of its rows; in `checkpoint` values are sent twice. */
function moved(share: number, policy: 'store' | 'checkpoint') {
  const N = B * T;
  const rows = share * r * C;
  const entries = 3 * N * K;
  const sends = policy === 'store' ? 1 : 2;
  const to_gpu = 4 * L * (sends * (rows + entries) + rows + 4 * Math.sqrt(r) * C);
  const from_gpu = 4 * L * (2 * N * C + N * K);
  return { to_gpu, from_gpu };
}

export async function run(json: boolean): Promise<void> {
  const dense = marksOf('parallel-adapter', 'store', { adapter_size: r }, B, T);
  const marks = (['store', 'checkpoint'] as const).map((policy) => ({
    policy,
    ...marksOf('sparse_meft', policy, { adapter_size: r }, B, T),
  }));
  const parameterBytes = 4 * (marks[0]?.parameters ?? 0);

  const states = await realStates(B, T);
  const first = (h: Float32Array, tokens: number, width: number) => h.subarray(0, tokens * width);
  const random = Array.from({ length: 3 }, (_, i) => normals(77 + i, B * T * C, 1));
  const shares = [32, 64, 128, 256, 512].map((tokens) => ({
    tokens,
    real_1024: shareOf(
      states.layers.map((h) => first(h, tokens, states.hidden_size)),
      states.hidden_size,
      1024,
    ),
    real_4096: shareOf(
      states.layers.map((h) => first(h, tokens, states.hidden_size)),
      states.hidden_size,
      r,
    ),
    random_4096: shareOf(
      random.map((h) => first(h, tokens, C)),
      C,
      r,
    ),
  }));
  const { real_4096 = 1, random_4096 = 1 } = shares.at(-1) ?? {};
  const volumes = [
    { states: 'real', share: real_4096 },
    { states: 'random', share: random_4096 },
    { states: 'every row', share: 1 },
  ].flatMap((row) =>
    (['store', 'checkpoint'] as const).map((policy) => {
      const { to_gpu, from_gpu } = moved(row.share, policy);
      return { ...row, policy, to_gpu, from_gpu, factor: (to_gpu + from_gpu) / parameterBytes };
    }),
  );
  const recalls = [1, 2, 3].map((back) => ({ back, ...recallOf(states.layers, states.hidden_size, r, back) }));
  const spent = (['plain', 'simd'] as const).map((kind) => ({ kind, ...hostTimes(random[0] as Float32Array, C, r, kind) }));

  if (json) {
    console.log(JSON.stringify({ dense, marks, shares, volumes, recalls, host_times: spent }));
    return;
  }
  const share = (bytes: number) => percent(bytes / dense.trainable_bytes);
  console.log(`## GPU bytes of adapters, gradients and optimizer\n`);
  console.log(
    markdownTable([
      ['method', 'bytes', 'of the dense'],
      ['parallel-adapter', bytesText(dense.trainable_bytes), '100 %'],
      ...marks.map((row) => [`sparse_meft, ${row.policy}`, bytesText(row.trainable_bytes), share(row.trainable_bytes)]),
    ]),
  );
  console.log(`\n## Share of a layer's rows that tokens activate, at the start\n`);
  console.log(
    markdownTable([
      ['tokens', 'real states, r = 1024', 'real states, r = 4096', 'random vectors of 768, r = 4096'],
      ...shares.map((row) => [String(row.tokens), percent(row.real_1024), percent(row.real_4096), percent(row.random_4096)]),
    ]),
  );
  console.log(`\n## Bytes that a step moves, as a multiple of the adapters' own (dense offloading: 2 ×; the paper: 0.56 ×)\n`);
  console.log(
    markdownTable([
      ['rows activated by', 'share', 'policy', 'to the GPU', 'back', 'of the adapters'],
      ...volumes.map((row) => [
        row.states,
        percent(row.share),
        row.policy,
        bytesText(row.to_gpu),
        bytesText(row.from_gpu),
        times(row.factor),
      ]),
    ]),
  );
  console.log(`\n## Looked up with the state of an earlier layer: share of the activated neurons that is found\n`);
  console.log(
    markdownTable([
      ['layers below', 'of a token’s', 'of the batch’s'],
      ...recalls.map((row) => [String(row.back), percent(row.token), percent(row.batch)]),
    ]),
  );
  console.log(`\n## Host time of one layer, ms of one thread\n`);
  console.log(
    markdownTable([
      ['sums', 'routing', 'rows', 'gradients', 'Adam'],
      ...spent.map(({ kind, ...ms }) => [kind, ms.route.toFixed(0), ms.gather.toFixed(0), ms.gradients.toFixed(0), ms.update.toFixed(0)]),
    ]),
  );
}
