import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { retrace, scratchFolder, tinyModel } from './testing.ts';

test.each([
  ['plan --batch_size 4', 'Did you mean --batch-size?'],
  ['plan --Learning_Rate 1', 'Did you mean --learning-rate?'],
  ['plan --ranges 0-6:store/2', "--ranges has '0-6:store/2': store has no segments."],
  ['plan --ranges 0-6:checkpoint/0', "--ranges has '0-6:checkpoint/0': a segment has at least one layer."],
  ['plan --ranges 0-6:store --checkpoint-every 2', '--checkpoint-every changes nothing beside --ranges.'],
  ['plan --memory-policy store --snapshot-every 2', '--snapshot-every changes nothing under the policy store.'],
  ['plan --batch-size 1e15', 'Use a batch of at most 174762'],
  ['plan --momentum 0.5', '--momentum changes nothing in adamw.'],
  ['plan --optim adafactor --adam-beta1 0.5', '--adam-beta1 changes nothing in adafactor.'],
  ['plan --kernels gemm_nt=huge', "The kernel gemm_nt has no form 'huge'."],
  ['plan --method read --rnn-hidden-size 3', '--rnn-hidden-size is 3; allowed: multiples of 4.'],
  ['plan --method sparse_meft --num-experts 7', "1024 neurons can't be divided among 7 experts."],
  ['plan --method lst --reduction-factor 7', 'A side network 7 times narrower'],
  ['plan --method lora --target-modules nothing', "No dense layer of this run is named 'nothing'."],
  ['compare --methods lora --lambda 1/8', '--lambda changes nothing in lora.'],
  ['compare --methods meft1 --lambda 0.1', 'lambda is 0.1; fixed streams need a power of two'],
  ['compare --methods all,bogus', "--methods names 'bogus'"],
  ['compare --methods lora --eval-examples 4', '--eval-examples says something of training; plans train nothing.'],
  ['compare --study init --lambda 1/8', '--lambda changes nothing in --study init'],
  ['compare --study init --frozen-layers 1', '--frozen-layers changes nothing in --study init'],
  ['compare --study init --chunks 2', '--chunks says something of plans'],
  ['compare --study init --eval-examples -1', '--eval-examples is -1; whole numbers from 0 are allowed.'],
  ['generate --model x --text a --max-new-tokens 0', '--max-new-tokens is 0; allowed: >=1.'],
  ['generate --model x --text a --do-sample --top-p 0', '--top-p is 0; allowed: >0.'],
  ['generate --model x --text a --temperature 0.5', '--temperature changes nothing where no token is drawn.'],
  ['compare --study init --max-steps -1', '--max-steps is -1; whole numbers from 0 are allowed.'],
  ['compare --study init --methods lora,read', 'The study has no starts of read'],
])('retrace %s is wrong usage', async (line, says) => {
  const { code, stdout, stderr } = await retrace(line.split(' '));
  expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(says);
});

test('a pooling that is none of ours is refused until one is chosen', async () => {
  const model = tinyModel(scratchFolder());
  mkdirSync(join(model, '1_Pooling'));
  for (const pooling of [{ pooling_mode_max_tokens: true }, { pooling_mode_cls_token: true, pooling_mode_mean_tokens: true }]) {
    writeFileSync(join(model, '1_Pooling', 'config.json'), JSON.stringify(pooling));
    const refused = await retrace(['plan', '--model', model]);
    expect(refused.code, refused.stderr).toBe(1);
    expect(refused.stderr).toContain('neither the mean of the tokens nor the first token');
    const chosen = await retrace(['plan', '--model', model, '--pooling', 'mean']);
    expect(chosen.code, chosen.stderr).toBe(0);
  }
});
