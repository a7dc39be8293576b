// compare: the plans of several methods and policies, as a table, CSV, JSON or picture. The ratio is to full fine-tuning that stores its
// activations. With --study another question: where methods start (compare/study.ts).

import { writeFile } from 'node:fs/promises';
import type { MethodCard } from '../../src/protocol/cards.ts';
import { type GranularityName, granularityNames, type MethodName, type PolicyName, policyNames } from '../../src/protocol/config.ts';
import { RetraceError } from '../../src/protocol/errors.ts';
import { batchText } from '../../src/protocol/sentences.ts';
import { csvOf, type Row, sortRows, tableOf } from '../compare/columns.ts';
import { pictureOf } from '../compare/picture.ts';
import { requireOfPlans, studyStarts } from '../compare/study.ts';
import type { Console } from '../console.ts';
import { type Given, usage } from '../flags.ts';
import { markdownTable, tableText } from '../format.ts';
import { openSession } from '../open_session.ts';
import { flagOf, givenOptions, optionNames } from '../option_flags.ts';
import { requireWritableFile } from '../out_folder.ts';
import { planObject, transientBytes } from '../plan_report.ts';
import { listOf, numberOf, readBy, type Settings, settingsOf, textOf } from '../settings.ts';
import { planRequestOf } from './plan.ts';

/** A list of known names; left out or `all`: every one of them. */
function chosen<T extends string>(given: Given, name: string, known: readonly T[]): readonly T[] {
  const names = listOf(given, name) ?? ['all'];
  const unknown = names.find((one) => one !== 'all' && !(known as readonly string[]).includes(one));
  if (unknown !== undefined)
    throw usage(`--${name} names '${unknown}'; known are ${known.join(', ')}.`, `Use some of ${known.join(', ')}, or all.`, `--${name}`);
  return names.includes('all') ? known : known.filter((one) => names.includes(one));
}

function depthsOf(given: Given): (number | undefined)[] {
  const depths = listOf(given, 'num-hidden-layers')?.map(Number) ?? [undefined];
  if (depths.some((depth) => depth !== undefined && !(Number.isInteger(depth) && depth > 0))) {
    throw usage(
      `--num-hidden-layers is '${listOf(given, 'num-hidden-layers')?.join(',')}'.`,
      'Give whole numbers from 1, with commas.',
      '--num-hidden-layers',
    );
  }
  return depths;
}

interface Refused {
  readonly method: string;
  readonly policy: string;
  readonly reason: string;
}

/** What `compare --json` prints of a row. */
function objectOf({ depth, report, full }: Row): object {
  const { timeline: _, ...plan } = planObject(report);
  const activation_and_workspace = transientBytes(report);
  return {
    type: 'plan',
    ...(depth === undefined ? {} : { num_hidden_layers: depth }),
    ...plan,
    activation_and_workspace,
    of_full: {
      total: report.bytes.total / full.bytes.total,
      activation_and_workspace: activation_and_workspace / transientBytes(full),
      flops: report.flops / full.flops,
    },
  };
}

/** Plans every cell; those that do not go together are told with the reason. */
async function planCells(given: Given, console: Console): Promise<{ rows: Row[]; refused: Refused[]; fault: RetraceError | undefined }> {
  const open = openSession(console, given);
  const { calls, reads } = open;
  const { methods } = await calls.catalogue(undefined);
  const named = given['method'] === undefined ? methods.map(({ name }) => name) : [given['method'] as MethodName];
  const policyGiven = given['memory-policy'] === undefined ? policyNames : [given['memory-policy'] as PolicyName];
  const [wanted, policies, depths] = [chosen(given, 'methods', named), chosen(given, 'policies', policyGiven), depthsOf(given)];
  const cardOf = (method: string) => methods.find(({ name }) => name === method) as MethodCard;
  const read = new Set<string>(wanted.flatMap((method) => cardOf(method).uses));
  const idle = Object.keys(givenOptions(given, optionNames)).find((name) => !read.has(name));
  if (idle) {
    const flag = flagOf(idle);
    throw usage(`${flag} changes nothing in ${wanted.join(', ')}.`, `Leave it out, or compare a method that reads it.`, flag);
  }
  const settings = await settingsOf(given, methods, reads);
  const granularities: readonly (GranularityName | undefined)[] =
    given['granularities'] === undefined ? [settings.granularity] : chosen(given, 'granularities', granularityNames);
  const chooses = settings.memory_budget !== undefined && given['policies'] === undefined && given['memory-policy'] === undefined;
  // A policy that has a row of its own binds the budget; else it chooses one for each method.
  const left = settings.budget_chooses?.filter((name) => chooses || name !== 'policy');
  const budget = left === undefined ? {} : { memory_budget: settings.memory_budget, budget_chooses: left };
  const planOf = async (change: Partial<Settings> & Pick<Settings, 'method'>, depth: number | undefined) => {
    const options = readBy(cardOf(change.method), settings.options);
    // What differs between rows is what a step takes, not what an evaluation writes with.
    const training = { ...settings.training, max_generate_samples: 0 };
    return calls.plan(await planRequestOf(open, { ...settings, ...change, options, training }, labelsOf(given), depth));
  };
  const rows: Row[] = [];
  const refused = new Map<string, Refused>();
  let fault: RetraceError | undefined;
  /** Why a cell has no plan: what its options or the model do not allow. Anything else ends the comparison. */
  const reasonOf = (thrown: unknown): string => {
    if (!(thrown instanceof RetraceError)) throw thrown;
    fault ??= thrown;
    return thrown.message;
  };
  for (const depth of depths) {
    const unbound = { memory_budget: undefined, budget_chooses: undefined };
    const full = await planOf({ method: 'full', policy: 'store', granularity: granularities[0], ...unbound }, depth);
    for (const method of wanted) {
      const card = cardOf(method);
      for (const policy of chooses ? [card.default_policy] : policies) {
        console.progress({ label: 'planning', done: rows.length, of: depths.length * wanted.length * policies.length });
        const reason = card.refusals[policy];
        for (const granularity of reason === null ? granularities : granularities.slice(0, 1)) {
          const cell = reason ?? (await planOf({ method, policy, granularity, ...budget }, depth).catch(reasonOf));
          if (typeof cell === 'string') refused.set(`${method} ${policy}`, { method, policy, reason: cell });
          else rows.push({ depth, report: cell, full });
        }
      }
    }
  }
  return { rows, refused: [...refused.values()], fault };
}

const labelsOf = (given: Given): number => numberOf(given, 'num-labels') ?? 2;

export async function compare(given: Given, console: Console): Promise<number> {
  const path = textOf(given, 'picture');
  if (path !== undefined) requireWritableFile(path, '--picture');
  if (given['study'] !== undefined) return studyStarts(given, console);
  requireOfPlans(given);
  const { rows: planned, refused, fault } = await planCells(given, console);
  const [first] = planned;
  if (!first) {
    // Where a number is to blame, its own error has place and remedy.
    if (fault) throw fault;
    throw new RetraceError({
      code: 'nothing-to-compare',
      message: `None of these go together. ${refused[0]?.reason ?? ''}`,
      where: '--policies',
      remedy: 'Name other policies.',
    });
  }
  const rows = sortRows(planned, textOf(given, 'sort'));
  for (const row of rows) console.event(objectOf(row));
  for (const row of refused) console.event({ type: 'refused', ...row });
  const { length, model } = first.report;
  const about = `${model}, batch ${batchText(first.report)} × ${length} tokens, ${labelsOf(given)} classes`;
  if (given['csv'] === true) console.result(csvOf(rows));
  else {
    console.result(`${about}; percentages are of full fine-tuning with store\n`);
    console.result(given['markdown'] === true ? markdownTable(tableOf(rows)) : tableText(tableOf(rows)));
  }
  for (const { method, policy, reason } of refused) console.say(`not with ${method}: ${policy}. ${reason}`);
  if (path !== undefined) {
    await writeFile(path, pictureOf(rows, about));
    console.say(`picture: ${path}`);
  }
  return 0;
}
