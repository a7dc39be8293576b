// What tests of the page put into the hub double, and the page served for it. Invariant: the page may reach the double's hosts and no other.

import { type ModelShape, randomModelFiles } from '../test/random_model.ts';
import { type Site, serve } from './browser.ts';
import { type HubDouble, type HubDoubleOptions, startHubDouble } from './hub_double/server.ts';

const tiny: ModelShape = {
  ...{
    num_hidden_layers: 2,
    hidden_size: 32,
    num_attention_heads: 2,
    intermediate_size: 64,
    vocab_size: 30522,
    max_position_embeddings: 64,
  },
};

/** A tiny random BERT with the bundled tokenizer: some 5 MB, and a run on it takes seconds. */
export async function tinyBert(shape: Partial<ModelShape> = {}): Promise<Record<string, Uint8Array>> {
  const { files } = randomModelFiles({ ...tiny, ...shape });
  const contents = await Promise.all(files.map(async ({ path, blob }) => [path, new Uint8Array(await blob.arrayBuffer())] as const));
  return Object.fromEntries(contents);
}

export interface HubSite {
  readonly hub: HubDouble;
  readonly site: Site;
  close(): Promise<void>;
}

/** The built page, served for a hub double. */
export async function serveWithHub(options: HubDoubleOptions = {}): Promise<HubSite> {
  const hub = await startHubDouble(options);
  Object.assign(process.env, { HF_ENDPOINT: hub.endpoint, HF_DATASETS_SERVER: hub.datasetsServer, RETRACE_HUB_HOSTS: hub.cdn });
  const site = await serve().finally(() => {
    delete process.env['HF_ENDPOINT'];
    delete process.env['HF_DATASETS_SERVER'];
    delete process.env['RETRACE_HUB_HOSTS'];
  });
  return {
    hub,
    site,
    async close() {
      await site.close();
      await hub.close();
    },
  };
}
