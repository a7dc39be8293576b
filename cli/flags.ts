// The flags: one table for all commands, so that a name means the same everywhere. Reads and checks their form; what a value may be in
// numbers is known to the run configuration (src/protocol). Invariant: whatever is not in the table is refused with what is.

import { parseArgs } from 'node:util';
import { methods } from '../src/methods/registry.ts';
import { policyNames, poolings, schedulerNames } from '../src/protocol/config.ts';
import { RetraceError } from '../src/protocol/errors.ts';
import { optimizerNames } from '../src/protocol/optimizers.ts';
import { choice, type FlagRow, flag, list, number, text } from './flag_rows.ts';
import { optionFlags } from './option_flags.ts';

const methodNames = methods.map(({ name }) => name);

const model = {
  model: text('MODEL', "'bundled' (default), or the folder of a model"),
  pooling: choice(poolings, "what the head reads (default: as the model's folder says)"),
};
const columns = {
  'text-column': text('COLUMN', 'the text: a name, or a number from 0 (default: guessed)'),
  'text-pair-column': text('COLUMN', 'a second text, for pairs (default: guessed); none: there is none'),
  'label-column': text('COLUMN', 'the label (default: guessed)'),
  'no-header': flag('the first row is data; columns are numbers'),
};
const data = {
  data: text('DATA', 'a CSV or TSV file, or bundled:clinc150 (default); bundled:clinc150/test is another part'),
  'eval-data': text('DATA', 'evaluate on these (default: a seeded tenth of --data is held back)'),
  ...columns,
  task: choice(['classification'], 'what is learned'),
};
const method = {
  method: choice(methodNames, 'fine-tuning method (default: meft1)'),
  'memory-policy': choice(policyNames, "how activations come back in the backward pass (default: the method's own)"),
  'checkpoint-every': number('layers in a segment under the policy checkpoint (default: 1)'),
  'snapshot-every': number('layers between snapshots of the streams under the policy reversible (default: none)'),
  ranges: list('FROM-TO:POLICY,...', 'in place of one policy: layers under policies of their own, e.g. 0-8:reversible,8-12:store'),
  chunks: number('parts of a batch that a layer runs again one after the other (default: as keep 512 tokens in each, at most 64)'),
  ...optionFlags,
};
/** A comparison goes by policies, not by ranges of them. */
const { ranges: _, ...oneOfMethod } = method;
const shape = {
  'batch-size': number('texts in a batch (default: 16)'),
  'max-length': number('tokens that a text is cut to (default: 64)'),
  dropout: number("in place of the model's own (default: 0.1)"),
  optim: choice(optimizerNames, 'optimizer (default: adamw)'),
  momentum: number("SGD's (default: 0.9; 0: nothing is kept)"),
};
const training = {
  ...shape,
  'max-steps': number('optimizer steps (default: 200; -1: as --epochs gives)'),
  epochs: number('passes over the data, in place of --max-steps'),
  'learning-rate': number("highest (default: the method's own, times 100 with sgd, a third with lion)"),
  'head-learning-rate': number("highest of the classifier (default: as the rest's)"),
  'lr-scheduler-type': choice(schedulerNames, 'how the rate goes on after the warm-up (default: linear)'),
  'weight-decay': number('pull of trained matrices towards 0 (default: 0.1)'),
  'warmup-ratio': number('share of the steps in which the rate rises (default: 0.06)'),
  'max-grad-norm': number('gradients are clipped to this norm (default: 1; 0: not)'),
  'gradient-accumulation-steps': number('batches to a step (default: 1)'),
  'adam-beta1': number('of adamw and lion (default: 0.9)'),
  'adam-beta2': number('of adamw and lion (default: 0.98, lion 0.99)'),
  'adam-epsilon': number('of adamw (default: 1e-6)'),
  'eval-steps': number('steps between evaluations (default: 50; 0: at the end only)'),
  'early-stopping-patience': number('evaluations without gain before stopping (default: 0: never)'),
  'save-steps': number('steps between checkpoints (default: 25; 0: when paused only)'),
  seed: number('of everything that is drawn (default: 42)'),
};
/** What of training the study of starts takes. */
const studied = {
  'max-steps': number('steps from each start (default: 20; 0: the distance alone)'),
  'learning-rate': training['learning-rate'],
  'weight-decay': training['weight-decay'],
  'warmup-ratio': training['warmup-ratio'],
  'max-grad-norm': training['max-grad-norm'],
  seed: training.seed,
};
const output = {
  json: flag('JSON lines on stdout, nothing else; human text on stderr'),
  help: flag('this text'),
};
const adapter = { adapter: text('ADAPTER', 'a folder that train made, or an exported zip') };

/** Every command's flags; the one place that says which command takes which. */
export const commandFlags = {
  plan: { ...model, ...data, ...method, ...training, 'num-labels': number('classes (default: those of --data, else 2)'), ...output },
  train: {
    ...model,
    ...data,
    ...method,
    ...training,
    out: text('FOLDER', 'where the adapter and its checkpoint go; needed'),
    resume: flag('go on with the run in --out'),
    overwrite: flag('use --out although it holds something'),
    'pause-after': number('steps after which to pause, as Ctrl-C would'),
    ...output,
  },
  evaluate: { ...adapter, ...model, data: data.data, ...columns, ...output },
  predict: {
    ...adapter,
    ...model,
    text: { ...text('TEXT', 'a text; may be given several times'), many: true },
    'text-pair': { ...text('TEXT', 'its second text; one for each --text'), many: true },
    data: text('DATA', 'in place of --text: each row of a CSV or TSV file'),
    'text-column': columns['text-column'],
    'text-pair-column': columns['text-pair-column'],
    'no-header': columns['no-header'],
    ...output,
  },
  compare: {
    ...model,
    methods: list('NAME,...', `of ${methodNames.join(', ')}, or all (default)`),
    policies: list('NAME,...', `of ${policyNames.join(', ')}, or all (default)`),
    ...oneOfMethod,
    ...shape,
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
  inspect: { ...model, ...adapter, data: text('FILE', 'in place of the path'), ...columns, ...output },
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

/** The flags of a command, as lines for its help. */
export function flagHelp(command: CommandName): string {
  const rows = Object.entries<FlagRow>(commandFlags[command]).map(
    ([name, { value, help }]) => [`--${name}${value ? ` ${value}` : ''}`, help] as const,
  );
  const wide = 34;
  return rows.map(([left, help]) => `  ${left.padEnd(wide)}${left.length >= wide ? `\n  ${' '.repeat(wide)}` : ''}${help}`).join('\n');
}
