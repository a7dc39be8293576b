// The flags: one table for all commands, so that a name means the same everywhere. Reads and checks their form; what a value may be in
// numbers is known to the run configuration (src/protocol). Invariant: whatever is not in the table is refused with what is.

import { parseArgs } from 'node:util';
import { methods } from '../src/methods/registry.ts';
import { granularityNames, policyNames } from '../src/protocol/config.ts';
import { RetraceError } from '../src/protocol/errors.ts';
import { mergedTypes, selfTestTexts } from '../src/protocol/messages.ts';
import { taskNames } from '../src/tasks/registry.ts';
import { bytesIn } from './byte_sizes.ts';
import { choice, type FlagRow, flag, list, number, text } from './flag_rows.ts';
import { generationFlags, memoryFlags, methodFlags, modelFlags, readingFlags, trainingFlags } from './option_flags.ts';

const methodNames = methods.map(({ name }) => name);

/** No flag takes the access token: other users of the machine could read it in the list of processes. */
const hubPlace = {
  'hub-endpoint': text(
    'URL',
    "the hub, or a mirror of it (default: HF_ENDPOINT, else https://huggingface.co). HF_TOKEN, or Python's token file, goes to the default alone",
  ),
};
const writer = {
  model: text('MODEL', "'bundled' (default), the folder of a model, or one of the hub: org/name, org/name@revision"),
  revision: text('REVISION', 'a branch, tag or commit of a model of the hub (default: main)'),
  ...hubPlace,
};
const model = { ...writer, ...modelFlags };
const task = choice(taskNames, `what is learned (default: ${taskNames[0]}, of models of pictures image_classification)`);
/** Which columns of the data play which part. */
export const columnFlags = {
  'text-column': text('COLUMN', 'the text: a name, or a number from 0 (default: guessed)'),
  'image-column': text('COLUMN', 'the pictures (default: the column that holds them)'),
  'text-pair-column': text('COLUMN', 'a second text, for pairs (default: guessed); none: there is none'),
  'label-column': text('COLUMN', 'the label, or which of the choices is right (default: guessed)'),
  'choice-columns': list(
    'COLUMN,...',
    'answers to choose among: a column that holds a list of them, or several that hold one each (default: guessed)',
  ),
  'target-column': text('COLUMN', 'the text to be written (default: guessed)'),
};
/** Predictions are made of every row. */
const { 'max-rows': _, ...reading } = readingFlags;
const data = {
  data: text(
    'DATA',
    'a file of rows (CSV, TSV, JSON, JSON Lines, Parquet), a folder or a zip of pictures in folders of classes, a data set of the hub (org/name/config/split@revision; what has one choice may be left out), or bundled:clinc150 (default; for pictures bundled:digits); bundled:clinc150/test is another part',
  ),
  'eval-data': {
    ...text(
      'DATA',
      "evaluate on these (default: the hub's validation split, else a seeded tenth of --data is held back); given again: on further sets too",
    ),
    many: true as const,
  },
  ...columnFlags,
  ...readingFlags,
  task,
};
const method = {
  method: choice(methodNames, 'fine-tuning method (default: meft1)'),
  ...memoryFlags,
  ...methodFlags,
};
/** Comparing forms is for those who work on kernels; a run of other forms has other roundings. */
const kernelForms = {
  kernels: text(
    'KERNEL=FORM,...',
    'forms of kernels in place of those that suit the device (default: RETRACE_KERNELS); KERNEL=first: its first one',
  ),
};
/** Some rows of a table. */
const picked = (rows: Readonly<Record<string, FlagRow>>, names: readonly string[]): Readonly<Record<string, FlagRow>> =>
  Object.fromEntries(Object.entries(rows).filter(([name]) => names.includes(name)));
/** A comparison goes by policies, not by ranges of them, and trains nothing: of the numbers of training it reads those that a plan depends on. */
const compared = {
  method: method.method,
  ...picked(
    memoryFlags,
    Object.keys(memoryFlags).filter((name) => name !== 'ranges'),
  ),
  ...methodFlags,
  ...picked(trainingFlags, ['batch-size', 'max-length', 'dropout', 'optim', 'momentum']),
};
/** What of training the study of starts takes. */
const studied = {
  'max-steps': number('steps from each start (default: 20; 0: the distance alone)'),
  ...picked(trainingFlags, ['learning-rate', 'weight-decay', 'warmup-ratio', 'max-grad-norm', 'seed']),
};
const output = {
  json: flag('JSON lines on stdout, nothing else; human text on stderr'),
  help: flag('this text'),
};
const adapter = {
  adapter: text('ADAPTER', 'a folder that train made, an exported zip, or an adapter of the hub: org/name, org/name@revision'),
};

/** Every command's flags; the one place that says which command takes which. */
export const commandFlags = {
  plan: {
    ...model,
    ...data,
    ...method,
    ...trainingFlags,
    'num-labels': number('classes (default: those of --data, else 2)'),
    ...kernelForms,
    ...output,
  },
  train: {
    ...model,
    ...data,
    ...method,
    ...trainingFlags,
    adapter: text(
      'ADAPTER',
      'train on from this adapter of the same method and labels: a folder, a zip, or an id of the hub (with --model, its base)',
    ),
    out: text('FOLDER', 'where the adapter and its checkpoint go; needed'),
    resume: flag('go on with the run in --out'),
    overwrite: flag('use --out although it holds something'),
    'adapter-hub': flag("also writes the adapter in the layout of AdapterHub's library, into the folder adapter-hub in --out"),
    'older-names': flag(
      'of models whose modules Transformers renamed (ViT and DeiT, in 5.9): also writes the adapter for versions before, into the folder older-names in --out',
    ),
    push: text('ORG/NAME', 'afterwards push the adapter, with its card, to this repository of the hub; the token is checked before'),
    private: flag('with --push: a repository that is made for it is seen by you, or your organisation, alone'),
    'pause-after': number('steps after which to pause, as Ctrl-C would'),
    'self-test-texts': choice(
      selfTestTexts,
      "whose texts go with the adapter for comparing logits: made-up ones (default), or some of the data's",
    ),
    ...kernelForms,
    ...output,
  },
  profile: {
    ...model,
    ...data,
    ...method,
    ...trainingFlags,
    trace: text('FILE.json', 'also write every dispatch as a trace event, with its module, shapes and overrides: opens in Perfetto'),
    ...output,
  },
  evaluate: {
    ...adapter,
    ...model,
    data: data.data,
    ...columnFlags,
    ...readingFlags,
    ...picked(trainingFlags, ['max-generate-samples']),
    ...output,
  },
  predict: {
    ...adapter,
    ...model,
    text: { ...text('TEXT', 'a text; may be given several times'), many: true },
    'text-pair': { ...text('TEXT', 'its second text; one for each --text'), many: true },
    choice: {
      ...text('TEXT', 'an answer to choose among, of tasks that choose: once for each answer, the same for every --text'),
      many: true,
    },
    image: { ...text('FILE|FOLDER', 'a picture (JPEG, PNG, WebP, GIF), or a folder of them; may be given several times'), many: true },
    data: text(
      'DATA',
      'in place of --text: each row of a file, or of a split of the hub, or each picture of a folder or zip; it need not hold what is predicted',
    ),
    'text-column': columnFlags['text-column'],
    'image-column': columnFlags['image-column'],
    'text-pair-column': columnFlags['text-pair-column'],
    'choice-columns': columnFlags['choice-columns'],
    'target-column': text('COLUMN', 'of tasks that write: say how likely the texts of this column are, in place of writing them'),
    ...reading,
    csv: flag('the predictions as CSV, with the number of each row in the file'),
    ...output,
  },
  merge: {
    ...adapter,
    ...model,
    out: text('FOLDER', 'where the model goes; needed'),
    overwrite: flag('use --out although it holds something'),
    dtype: choice(mergedTypes, "type of the weights: the base's (default), each sum rounded to it once, or float32"),
    ...output,
  },
  generate: {
    ...adapter,
    ...writer,
    text: { ...text('TEXT', 'what a text goes on from; may be given several times'), many: true },
    ...generationFlags,
    ...output,
  },
  compare: {
    ...model,
    methods: list('NAME,...', `of ${methodNames.join(', ')}, or all (default)`),
    policies: list('NAME,...', `of ${policyNames.join(', ')}, or all (default)`),
    granularities: list('NAME,...', `of ${granularityNames.join(', ')}, or all (default: the one of --granularity)`),
    ...compared,
    study: choice(['init'], 'in place of plans: methods begun away from the pretrained behaviour, their distance from it and score'),
    ...data,
    ...studied,
    'eval-examples': number('examples that a score is taken over (default: 128; 0: all)'),
    'num-hidden-layers': list('NUMBER,...', "depths in place of the model's own"),
    'num-labels': number('classes (default: 2)'),
    sort: text('COLUMN', 'order of the rows: a column as --csv names it, smallest first; -COLUMN: largest first'),
    markdown: flag('the table as Markdown'),
    csv: flag('the table as CSV, plain numbers'),
    picture: text('FILE.svg', 'also draw it: a bar a row, bytes by category on one axis'),
    ...output,
  },
  inspect: { ...model, ...adapter, data: text('DATA', 'in place of the path'), ...columnFlags, task, ...readingFlags, ...output },
  hub: {
    revision: model.revision,
    refresh: flag('fetch: look the revision up on the hub although it is kept, and fetch what is new'),
    commit: text('COMMIT', 'remove: this commit alone, by the beginning of its name'),
    type: choice(['model', 'dataset'], 'remove: which, where both are kept under one name'),
    private: flag('push: a repository that is made for it is seen by you, or your organisation, alone'),
    message: text('TEXT', 'push: the title of the commit'),
    ...hubPlace,
    ...output,
  },
} satisfies Record<string, Record<string, FlagRow>>;

export type CommandName = keyof typeof commandFlags;
export const commandNames = Object.keys(commandFlags) as CommandName[];

/** What was given, and only that. Numbers are numbers, lists are lists; texts that may come several times are lists too. */
export type Given = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export const usage = (message: string, remedy: string, where?: string): RetraceError =>
  new RetraceError({ code: 'usage', message, remedy, ...(where === undefined ? {} : { where }) });

/** `1/8` is a number here. */
function numberOf(value: string): number {
  const fraction = /^(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)$/.exec(value);
  return fraction ? Number(fraction[1]) / Number(fraction[2]) : value.trim() === '' ? Number.NaN : Number(value);
}

function parsedValue(name: string, row: FlagRow, given: string): string | number | readonly string[] {
  if (given === '' && !row.many) throw usage(`--${name} is empty.`, `Give it a value: ${row.help}.`, `--${name}`);
  if (row.kind === 'list') return given.split(',').map((item) => item.trim());
  if (row.kind === 'number') {
    const value = numberOf(given);
    if (Number.isFinite(value)) return value;
    throw usage(`--${name} is '${given}', which is not a number.`, `Give a number: ${row.help}.`, `--${name}`);
  }
  if (row.kind === 'bytes') {
    const bytes = bytesIn(given);
    if (bytes !== undefined && bytes > 0) return bytes;
    throw usage(
      `--${name} is '${given}', which is not a size.`,
      'Give bytes, or a number with kB, MB, GB, KiB, MiB or GiB, such as 512MB or 1.5GiB.',
      `--${name}`,
    );
  }
  if (row.choices && !row.choices.includes(given)) {
    throw usage(`--${name} is '${given}'; it may be ${row.choices.join(', ')}.`, `Use one of ${row.choices.join(', ')}.`, `--${name}`);
  }
  return given;
}

/** Those of `names` that one might have meant. */
const closest = (given: string, names: readonly string[]): string[] => {
  const name = given.replaceAll('_', '-').toLowerCase();
  if (names.includes(name)) return [name];
  const parts = name.split('-');
  return names.filter((known) => known.startsWith(name) || name.startsWith(known) || parts.some((part) => known.split('-').includes(part)));
};

/** A value that begins with one dash is glued to its flag, which parseArgs would otherwise take for a flag. */
function glued(args: readonly string[], rows: Readonly<Record<string, FlagRow>>): string[] {
  const result: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const [arg, next] = [args[i] as string, args[i + 1]];
    const row = arg.startsWith('--') ? rows[arg.slice(2)] : undefined;
    if (row && row.kind !== 'switch' && next !== undefined && !next.startsWith('--')) {
      result.push(`${arg}=${next}`);
      i++;
    } else result.push(arg);
  }
  return result;
}

/** Flags and positional arguments of a command. Error: `usage`. */
export function readFlags(command: CommandName, args: readonly string[]): { given: Given; positionals: string[] } {
  const rows: Readonly<Record<string, FlagRow>> = commandFlags[command];
  const names = Object.keys(rows);
  const options = Object.fromEntries(names.map((name) => [name, { type: rows[name]?.kind === 'switch' ? 'boolean' : 'string' } as const]));
  const { tokens, positionals } = parseArgs({ args: glued(args, rows), options, strict: false, allowPositionals: true, tokens: true });
  const given: Record<string, string | number | boolean | readonly string[]> = {};
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    const row = rows[name];
    if (!row || !rawName.startsWith('--')) {
      const near = closest(name, names);
      const allowed = (near.length > 0 ? near : names).map((known) => `--${known}`).join(', ');
      throw usage(
        `${command} has no flag ${rawName}.`,
        `${near.length > 0 ? 'Did you mean' : 'It has'} ${allowed}? See retrace ${command} --help.`,
        rawName,
      );
    }
    if (row.kind === 'switch') {
      if (value !== undefined) throw usage(`${rawName} takes no value.`, `Write ${rawName} alone.`, rawName);
      given[name] = true;
      continue;
    }
    if (value === undefined) throw usage(`${rawName} needs a value.`, `Write ${rawName} ${row.value}: ${row.help}.`, rawName);
    const parsed = parsedValue(name, row, value);
    given[name] = row.many ? [...((given[name] as readonly string[] | undefined) ?? []), String(parsed)] : parsed;
  }
  return { given, positionals };
}

/** Columns of a help text: where what a flag does begins, and where lines end. */
const [begin, end] = [36, 120];

/** `text` in lines of at most `width` characters. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** The flags of a command, as lines for its help. */
export function flagHelp(command: CommandName): string {
  const lines = Object.entries<FlagRow>(commandFlags[command]).flatMap(([name, { value, help }]) => {
    const left = `  --${name}${value ? ` ${value}` : ''}`;
    const [first = '', ...others] = wrapped(help, end - begin);
    const indented = others.map((line) => ' '.repeat(begin) + line);
    return left.length < begin ? [left.padEnd(begin) + first, ...indented] : [left, ' '.repeat(begin) + first, ...indented];
  });
  return lines.join('\n');
}
