// What the datasets-server knows of a data set: columns, sizes, rows. It is a convenience: every caller can do without, for mirrors have none, so that it is asked
// once and not waited for. Invariant: it is asked only where it belongs to the hub that is asked.

import * as v from 'valibot';
import { officialDatasetsServer, officialEndpoint, type Waiting } from '../../hub/client.ts';
import type { Hub } from '../../hub/hub.ts';
import { RetraceError } from '../../protocol/errors.ts';
import { type Feature, serverFeatures } from './features.ts';

const text = v.optional(v.nullable(v.string()));
const configInfo = v.object({ features: v.optional(v.unknown()), citation: text, homepage: text, license: text });
const infoAnswer = v.object({ dataset_info: v.record(v.string(), configInfo) });
const number = v.optional(v.nullable(v.number()));
const sizeAnswer = v.object({
  size: v.object({
    splits: v.array(
      v.object({ config: v.string(), split: v.string(), num_bytes_parquet_files: number, num_rows: number, estimated_num_rows: number }),
    ),
  }),
});
const rowsAnswer = v.object({
  features: v.array(v.object({ name: v.string(), type: v.optional(v.unknown()) })),
  rows: v.array(v.object({ row: v.record(v.string(), v.unknown()), truncated_cells: v.optional(v.array(v.string()), []) })),
  num_rows_total: number,
  partial: v.optional(v.boolean()),
});
export type ServerRows = v.InferOutput<typeof rowsAnswer>;

/** Most rows of one answer. */
const PAGE = 100;

/** Asked once: who asks has another way. */
const once: Waiting & { readonly attempts: number } = { attempts: 1 };

/** A mirror's names of data sets are not told to the hub's own server. */
const belongs = ({ client }: Hub): boolean => client.endpoint === officialEndpoint || client.datasetsServer !== officialDatasetsServer;

/** What it answers; undefined where it does not, or nothing that is understood. */
async function asked<S extends v.GenericSchema>(hub: Hub, path: string, schema: S): Promise<v.InferOutput<S> | undefined> {
  if (!belongs(hub)) return undefined;
  try {
    return await hub.client.datasets(path, schema, 'this data set', once);
  } catch (thrown) {
    if (thrown instanceof RetraceError) return undefined;
    throw thrown;
  }
}

export interface ServerConfig {
  readonly name: string;
  readonly columns: readonly Feature[];
  readonly splits: readonly { readonly name: string; readonly rows?: number | undefined; readonly bytes?: number | undefined }[];
}

export interface ServerFacts {
  readonly configs: readonly ServerConfig[];
  readonly licence?: string | undefined;
  readonly citation?: string | undefined;
  readonly homepage?: string | undefined;
}

/** All configurations with columns and sizes. */
export async function serverFacts(hub: Hub, id: string): Promise<ServerFacts | undefined> {
  const of = `dataset=${encodeURIComponent(id)}`;
  const [info, sizes] = await Promise.all([asked(hub, `info?${of}`, infoAnswer), asked(hub, `size?${of}`, sizeAnswer)]);
  if (info === undefined || sizes === undefined) return undefined;
  const configs = Object.entries(info.dataset_info);
  const said = (key: 'citation' | 'homepage' | 'license') => configs.map(([, config]) => config[key]?.trim()).find(Boolean);
  return {
    configs: configs.map(([name, { features }]) => ({
      name,
      columns: serverFeatures(features),
      splits: sizes.size.splits
        .filter(({ config }) => config === name)
        .map(({ split, num_rows, estimated_num_rows, num_bytes_parquet_files }) => ({
          name: split,
          rows: estimated_num_rows ?? num_rows ?? undefined,
          bytes: num_bytes_parquet_files ?? undefined,
        })),
    })),
    ...{ licence: said('license'), citation: said('citation'), homepage: said('homepage') },
  };
}

/** The first rows of a split. */
export const serverRows = (
  hub: Hub,
  { id, config, split }: { readonly id: string; readonly config: string; readonly split: string },
): Promise<ServerRows | undefined> =>
  asked(hub, `rows?${new URLSearchParams({ dataset: id, config, split, offset: '0', length: String(PAGE) })}`, rowsAnswer);
