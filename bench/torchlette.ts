// torchlette (github.com/vinhowe/torchlette, MIT) from a folder of its own sources, for bench/peer.ts: its LoRA trainer on DistilGPT-2's configuration,
// on the driver that Retrace runs on. Nothing of it is part of Retrace. Not a measurement by itself.
// Its device has no subgroups: it takes them to have 32 lanes, and its sums are wrong where they have 4 or 8, as on software drivers.

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createServer } from 'vite';
import { openGpu } from '../cli/adapter.ts';

/** What one run of it showed. */
export interface PeerRun {
  /** Of each step. */
  readonly seconds: readonly number[];
  readonly losses: readonly number[];
  /** The peak of its own account. */
  readonly bytes: number;
}

interface Sources {
  readonly core: {
    initWebGPU(options: { device: GPUDevice }): Promise<boolean>;
    getGPUMemoryStats(): { readonly peakBytes: number };
    readonly Torchlette: new (device: string, options: { enableFusion: boolean }) => PeerApi;
  };
  readonly model: { readonly GPT2WithLoRA: new (api: PeerApi, config: object, lora: object, device: string) => PeerModel };
  readonly trainer: { readonly LoRATrainer: new (api: PeerApi, model: PeerModel, tokenizer: object) => PeerTrainer };
}

interface PeerApi {
  manualSeed(seed: number): void;
  beginStep(): Promise<void>;
  endStep(): void;
  markStep(): Promise<void>;
  mul_(tensor: unknown, factor: number): unknown;
}

interface PeerModel {
  readonly wte: { readonly weight: unknown };
  readonly wpe: { readonly weight: unknown };
}

interface PeerTrainer {
  train(text: string, config: object, callbacks: { onStepEnd(step: number, loss: number, ms: number): void }): Promise<unknown>;
}

async function sourcesIn(folder: string): Promise<Sources> {
  const root = resolve(folder);
  const files = {
    core: join(root, 'src/browser.ts'),
    model: join(root, 'packages/gpt2-browser/src/gpt2-lora.ts'),
    trainer: join(root, 'examples/gpt2-lora-trainer/src/lib/torchlette/trainer.ts'),
  };
  const missing = Object.values(files).find((file) => !existsSync(file));
  if (missing !== undefined) throw new Error(`'${folder}' is not a clone of torchlette: '${missing}' is not there.`);
  const server = await createServer({
    ...{ root, configFile: false, appType: 'custom', logLevel: 'error' },
    optimizeDeps: { noDiscovery: true },
    resolve: {
      alias: [
        { find: /^torchlette$/, replacement: join(root, 'src/index.ts') },
        { find: /^torchlette\/nn$/, replacement: join(root, 'src/nn/index.ts') },
        { find: /^torchlette\/browser$/, replacement: files.core },
        { find: /^gpt2-browser$/, replacement: join(root, 'packages/gpt2-browser/src/index.ts') },
      ],
    },
    server: { middlewareMode: true, ws: false, watch: null },
  });
  const load = (path: string): Promise<never> => server.ssrLoadModule(path) as Promise<never>;
  return { core: await load(files.core), model: await load(files.model), trainer: await load(files.trainer) };
}

/** Dawn goes with it when it is collected, whatever device is at work. */
let gpu: GPU | undefined;

/** A device with all that the adapter has, but for subgroups. */
async function deviceWithoutSubgroups(): Promise<GPUDevice> {
  gpu ??= await openGpu();
  const adapter = (await gpu.requestAdapter()) as GPUAdapter;
  const { maxStorageBufferBindingSize, maxBufferSize, maxStorageBuffersPerShaderStage, maxComputeWorkgroupStorageSize } = adapter.limits;
  return adapter.requestDevice({
    requiredFeatures: (['shader-f16', 'timestamp-query'] as const).filter((name) => adapter.features.has(name)),
    requiredLimits: { maxStorageBufferBindingSize, maxBufferSize, maxStorageBuffersPerShaderStage, maxComputeWorkgroupStorageSize },
  });
}

/** Steps of LoRA, rank 8, on texts of `length` tokens, one at a time. Weights are drawn, embeddings in GPT-2's own range. */
export async function trainedByTorchlette(folder: string, length: number, steps: number): Promise<PeerRun> {
  const { core, model, trainer } = await sourcesIn(folder);
  if (!(await core.initWebGPU({ device: await deviceWithoutSubgroups() }))) throw new Error('torchlette found no device.');
  const api = new core.Torchlette('webgpu', { enableFusion: true });
  api.manualSeed(1);
  const config = { vocabSize: 50257, blockSize: 1024, numLayers: 6, numHeads: 12, embedDim: 768, dropoutRate: 0 };
  const gpt2 = new model.GPT2WithLoRA(api, config, { rank: 8, alpha: 8 }, 'webgpu');
  await api.beginStep();
  api.mul_(gpt2.wte.weight, 0.02);
  api.mul_(gpt2.wpe.weight, 0.02);
  api.endStep();
  await api.markStep();
  const seconds: number[] = [];
  const losses: number[] = [];
  const bytesAsTokens = { vocabSize: 256, encode: (text: string) => [...new TextEncoder().encode(text)] };
  const training = { maxSteps: steps, batchSize: 1, seqLength: length, learningRate: 1e-3 };
  await new trainer.LoRATrainer(api, gpt2, bytesAsTokens).train('a text to be learned by heart; '.repeat(64), training, {
    onStepEnd(_, loss, ms) {
      losses.push(loss);
      seconds.push(ms / 1000);
      console.error(`torchlette: step ${losses.length} of ${steps}, ${(ms / 1000).toFixed(0)} s, loss ${loss.toFixed(3)}`);
    },
  });
  return { seconds, losses, bytes: core.getGPUMemoryStats().peakBytes };
}
