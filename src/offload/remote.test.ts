// What lives off the GPU behind messages: the answers of another thread are those of this one, in the order of the questions, and its errors come back.

import { MessageChannel } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { randomKey, randomNormal } from '../random/counter.ts';
import { type HostArray, type HostParameters, localParameters, Offload, type OffloadedModule, onDisk, recordBytes } from './offload.ts';
import { type OffloadPort, remoteParameters, serveOffload } from './remote.ts';

const module: OffloadedModule = {
  path: 'encoder.layer.0.sparse_adapter',
  shape: { hidden_size: 8, neurons: 16, experts: 4, probed: 2, activated: 3, rule: 'token' },
};
const parameter = (part: string) => `${module.path}.${part}`;
const normals = (key: number, count: number) =>
  Float32Array.from({ length: count }, (_, i) => randomNormal(randomKey(key, 0, 0), i)) as Float32Array<ArrayBuffer>;

/** One step: all that the host answers, and what it keeps afterwards. */
async function step(host: HostParameters): Promise<readonly HostArray[]> {
  await host.write(parameter('keys'), 'parameter', normals(1, 128));
  await host.write(parameter('values'), 'parameter', normals(2, 128));
  await host.write(parameter('router'), 'parameter', normals(3, 32));
  await host.begin();
  const request = { module: module.path, firstExample: 0, tokens: 5, T: 5, training: true };
  const retrieved = await host.answer({ ...request, call: 'retrieve', reads: [normals(4, 40), Uint32Array.of(4)] });
  const recalled = await host.answer({ ...request, call: 'recall', reads: [] });
  await host.answer({ ...request, call: 'return', reads: [normals(5, 40), normals(6, 15)] });
  const squares = await host.squareSum();
  const { rows, of } = await host.update({ step: 1, learning_rate: 0.1, beta1: 0.9, beta2: 0.98, eps: 1e-6, weight_decay: 0, clip: 1 });
  const kept = await Promise.all(
    (['parameter', 'exp_avg', 'last_step', 'gradient'] as const).map((kind) => host.read(parameter('keys'), kind)),
  );
  return [...retrieved, ...recalled, Float32Array.of(squares, rows, of), ...kept];
}

test('answers, gradients, updates and errors of another thread are those of this one', async () => {
  const { port1, port2 } = new MessageChannel();
  serveOffload(port2 as unknown as OffloadPort, new Offload([module]));
  let closed = false;
  const remote = remoteParameters(port1 as unknown as OffloadPort, () => {
    closed = true;
    port1.close();
  });
  const [here, there] = [await step(localParameters(new Offload([module]))), await step(remote)];
  expect(there).toEqual(here);
  expect(here.every((array) => array.some((x) => x !== 0))).toBe(true);
  await expect(remote.read('nowhere.keys', 'parameter')).rejects.toThrow("nothing named 'nowhere'");
  expect((await remote.bytes()).memory).toBeGreaterThan(recordBytes(module));
  await remote.close();
  expect(closed).toBe(true);
});

test('modules past the memory that rows may take go to disk, the first ones stay', () => {
  const modules = ['a', 'b', 'c'].map((path) => ({ ...module, path }));
  expect(onDisk(modules, 2 * recordBytes(module)).map(({ path }) => path)).toEqual(['c']);
  expect(onDisk(modules, 0)).toHaveLength(3);
});
