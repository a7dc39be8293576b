// Names of an adapter's classes: labels.json, and what they are called where there is none. Invariant: one name for each class, all different.

import {
  type AdapterArchive,
  type AdapterConfig,
  type AdapterExpectations,
  hasClasses,
  jsonBytes,
  jsonOf,
  refuseAdapter,
} from './adapter_archive.ts';

/** The two maps of names that Transformers' configurations have. */
export const idMaps = (labels: readonly string[]) => ({
  id2label: Object.fromEntries(labels.map((label, i) => [String(i), label])),
  label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
});

/** labels.json: the names in order, and the two maps that Transformers' `from_pretrained` takes. No file where there are no classes. */
export function labelsFile(labels: readonly string[]): { path: string; bytes: Uint8Array }[] {
  if (labels.length === 0) return [];
  return [{ path: 'labels.json', bytes: jsonBytes({ labels, ...idMaps(labels) }) }];
}

/** Names of the classes, none where there are no classes: those of labels.json, else the base's for so many classes, else "LABEL_0", "LABEL_1", ... Error `bad-labels`. */
export function readLabels(
  files: ReadonlyMap<string, Uint8Array>,
  config: Pick<AdapterConfig, 'head' | 'problem_type' | 'num_labels'>,
  { base, classNames }: Pick<AdapterExpectations, 'base' | 'classNames'> = {},
): Pick<AdapterArchive, 'labels' | 'notes'> {
  if (!hasClasses(config)) return { labels: [] };
  const { num_labels } = config;
  if (files.has('labels.json')) return { labels: namedLabels(files, num_labels) };
  const ofBase = classNames?.(num_labels);
  if (ofBase)
    return { labels: ofBase, notes: [`The adapter does not name its classes: they have the names in config.json of ${base?.name}.`] };
  const numbered = Array.from({ length: num_labels }, (_, i) => `LABEL_${i}`);
  return { labels: numbered, notes: ['Nothing names the classes of the adapter: they are numbered.'] };
}

function namedLabels(files: ReadonlyMap<string, Uint8Array>, num_labels: number): string[] {
  const { labels } = jsonOf(files, 'labels.json');
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === 'string') || labels.length !== num_labels) {
    const found = Array.isArray(labels) ? `${labels.length} entries` : typeof labels;
    return refuseAdapter('bad-labels', `labels.json should list ${num_labels} names under "labels"; found ${found}.`, 'labels.json');
  }
  const first = new Map(labels.map((label, i) => [label, i] as const).reverse());
  const twice = labels.find((label, i) => (first.get(label) ?? i) < i);
  if (twice !== undefined) {
    const message = `labels.json names two classes "${twice}" (${labels.indexOf(twice)} and ${labels.lastIndexOf(twice)}, counted from 0).`;
    return refuseAdapter('bad-labels', message, 'labels.json');
  }
  return labels;
}
