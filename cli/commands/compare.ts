// compare: the plans of several methods and policies, one table. The ratio is to full fine-tuning that stores its activations.

import { categories, methodNames, type PolicyName, policyNames } from '../../src/protocol/config.ts';
import { RetraceError } from '../../src/protocol/errors.ts';
import type { MethodCard, PlanReport } from '../../src/protocol/messages.ts';
import type { Console } from '../console.ts';
import { type Given, usage } from '../flags.ts';
import { bytesText, countText, markdownTable, percentText, tableText } from '../format.ts';
import { openSession } from '../open_session.ts';
import { planObject, transientBytes } from '../plan_report.ts';
import { listOf, numberOf, type Settings, settingsOf } from '../settings.ts';
import { planRequestOf } from './plan.ts';

/** A list of known names; left out or `all`: every one of them. */
function chosen<T extends string>(given: Given, name: string, known: readonly T[]): readonly T[] {
  const names = listOf(given, name) ?? ['all'];
  if (names.includes('all')) return known;
  const unknown = names.find((one) => !(known as readonly string[]).includes(one));
  if (unknown !== undefined)
    throw usage(`--${name} names '${unknown}'; known are ${known.join(', ')}.`, `Use some of ${known.join(', ')}, or all.`, `--${name}`);
  return known.filter((one) => names.includes(one));
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

interface Row {
  readonly depth: number | undefined;
  readonly report: PlanReport;
  readonly full: PlanReport;
}

function tableOf(rows: readonly Row[], withDepth: boolean): string[][] {
  const shown = categories.filter((name) => name !== 'staging');
  const header = ['method', 'policy', 'streams', 'trainable', ...shown, 'total', 'of full', 'activation + workspace', 'of full'];
  return [
    [...(withDepth ? ['layers'] : []), ...header],
    ...rows.map(({ depth, report, full }) => [
      ...(withDepth ? [String(depth)] : []),
      report.method,
      report.policy,
      report.streams,
      countText(report.trainable_parameters),
      ...shown.map((name) => bytesText(report.bytes[name])),
      bytesText(report.bytes.total),
      percentText(report.bytes.total / full.bytes.total),
      bytesText(transientBytes(report)),
      percentText(transientBytes(report) / transientBytes(full)),
    ]),
  ];
}

export async function compare(given: Given, console: Console): Promise<number> {
  const wanted = chosen(given, 'methods', given['method'] === undefined ? methodNames : [given['method'] as (typeof methodNames)[number]]);
  const policies = chosen(given, 'policies', given['memory-policy'] === undefined ? policyNames : [given['memory-policy'] as PolicyName]);
  const depths = depthsOf(given);
  const num_labels = numberOf(given, 'num-labels') ?? 2;
  const { calls, positions } = openSession(console);
  const { methods } = await calls.catalogue(undefined);
  const settings = await settingsOf(given, methods, positions);
  const rows: Row[] = [];
  const refused = new Map<string, { method: string; policy: string; reason: string }>();
  const planOf = async (change: Pick<Settings, 'method' | 'policy'>, depth: number | undefined) =>
    calls.plan(await planRequestOf({ ...settings, ...change }, num_labels, depth));
  for (const depth of depths) {
    const full = await planOf({ method: 'full', policy: 'store' }, depth);
    for (const method of wanted) {
      const card = methods.find(({ name }) => name === method) as MethodCard;
      for (const policy of policies) {
        const reason = card.refusals[policy];
        if (reason !== null) {
          refused.set(`${method} ${policy}`, { method, policy, reason });
          continue;
        }
        console.progress({ label: 'planning', done: rows.length, of: depths.length * wanted.length * policies.length });
        const report = method === 'full' && policy === 'store' ? full : await planOf({ method, policy }, depth);
        rows.push({ depth, report, full });
        const { timeline: _, ...object } = planObject(report);
        console.event({
          type: 'plan',
          ...(depth === undefined ? {} : { num_hidden_layers: depth }),
          ...object,
          activation_and_workspace: transientBytes(report),
          of_full: {
            total: report.bytes.total / full.bytes.total,
            activation_and_workspace: transientBytes(report) / transientBytes(full),
          },
        });
      }
    }
  }
  for (const { method, policy, reason } of refused.values()) console.event({ type: 'refused', method, policy, reason });
  const [first] = rows;
  if (!first) {
    throw new RetraceError({
      code: 'nothing-to-compare',
      message: `None of these go together. ${[...refused.values()][0]?.reason ?? ''}`,
      where: '--policies',
      remedy: 'Name other policies.',
    });
  }
  const { batch, length, model } = first.report;
  const table = tableOf(rows, depths[0] !== undefined);
  console.result(`${model}, batch ${batch} × ${length} tokens, ${num_labels} classes; percentages are of full fine-tuning with store`);
  console.result(`\n${given['markdown'] === true ? markdownTable(table) : tableText(table)}`);
  for (const { method, policy, reason } of refused.values()) console.say(`not with ${method}: ${policy}. ${reason}`);
  return 0;
}
