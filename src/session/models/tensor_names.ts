// Where a checkpoint keeps the parameters of a backbone: under which prefix, and under which of their names. Reads nothing.
// Invariant: one prefix for the whole backbone, so that a file with two models in it never gives a mixture of both.

import type { Checkpoint, StoredTensor } from '../../hub/checkpoint.ts';
import { type Backbone, type CheckpointNames, headParameters } from '../../models/model.ts';
import { RetraceError } from '../../protocol/errors.ts';

export interface TensorNames {
  /** The tensor of a parameter of the backbone or of a head, or of one as the whole model names it, whatever the file calls it. */
  find(name: string): StoredTensor | undefined;
  /** What stands before the backbone's names. */
  readonly prefix: string;
}

/** What wrappers put before all names: DataParallel, torch.compile, and the module of sentence-transformers that holds the model. */
const wrappers = ['module.', '_orig_mod.', '0.auto_model.', 'auto_model.'];

/** Finds the prefix by the one parameter that stands in every checkpoint. Error `ambiguous-tensor-names`: two models in one file. */
export function tensorNames({ tensors, files }: Checkpoint, backbone: Pick<Backbone, 'names' | 'poolings'>): TensorNames {
  const { names } = backbone;
  const [own = ''] = names.prefixes;
  const prefix = prefixOf(tensors, names, files.map(({ source }) => source.name).join(', '));
  const beside = new Set([...headParameters(backbone), ...(names.beside ?? [])]);
  const architecture = names.prefixes.find((known) => known !== '' && prefix.endsWith(known)) ?? '';
  // A head stands beside the backbone: 'classifier.weight' beside 'bert.embeddings...', both behind what a wrapper put before them.
  const outside = prefix.slice(0, prefix.length - architecture.length);
  return {
    prefix,
    find(name) {
      // Of a whole model's name, what is inside its backbone.
      const inside = own !== '' && name.startsWith(own) ? name.slice(own.length) : name;
      const spellings = [inside, ...names.aliases(inside)].map((spelling) => prefix + spelling);
      const tied = Object.hasOwn(names.tied, name) ? [outside + names.tied[name]] : [];
      const places = beside.has(name) ? [outside + name, prefix + name] : [...spellings, ...tied];
      const found = places.find((place) => tensors.has(place));
      return found === undefined ? undefined : tensors.get(found);
    },
  };
}

function prefixOf(tensors: Checkpoint['tensors'], { prefixes, anchor }: CheckpointNames, place: string): string {
  const found = [...tensors.keys()]
    .filter((name) => name === anchor || name.endsWith(`.${anchor}`))
    .map((name) => name.slice(0, name.length - anchor.length));
  const stripped = (prefix: string): string => {
    const wrapper = wrappers.find((known) => prefix.startsWith(known));
    return wrapper === undefined ? prefix : stripped(prefix.slice(wrapper.length));
  };
  // Where several models stand in one file, that with the architecture's own prefix is meant.
  for (const known of prefixes) {
    const [only, second] = found.filter((prefix) => stripped(prefix) === known);
    if (only !== undefined && second === undefined) return only;
  }
  if (found.length > 1) {
    throw new RetraceError({
      code: 'ambiguous-tensor-names',
      message: `The checkpoint holds ${found.length} models, under ${found.map((prefix) => `'${prefix}'`).join(', ')}; one is expected.`,
      where: place,
      remedy: 'Save the one that you mean by itself, with save_pretrained.',
    });
  }
  const [name] = tensors.keys();
  return found[0] ?? prefixes.find((known) => name?.startsWith(known)) ?? '';
}
