// What the memory picture says about plans: names, shares, and moments of several plans on one axis. Pure.

import type { Catalogue } from '../../src/protocol/cards.ts';
import type { Category } from '../../src/protocol/config.ts';
import type { PlanReport, TimelineMoment } from '../../src/protocol/messages.ts';

export const categoryTitles: Readonly<Record<Category, string>> = {
  weights: 'weights',
  adapter: 'trainable weights',
  gradient: 'gradients',
  optimizer: 'optimizer',
  activation: 'activations',
  workspace: 'workspace',
  staging: 'staging',
};

/** Bytes that a step allocates and frees: what methods and policies differ in. */
export const transientCategories: readonly Category[] = ['activation', 'workspace'];

export function titleOf(plan: PlanReport, catalogue: Catalogue | undefined): string {
  const method = catalogue?.methods.find(({ name }) => name === plan.method)?.title ?? plan.method;
  return `${method}, ${plan.policy}`;
}

export const bytesIn = (plan: PlanReport, shown: readonly Category[]): number =>
  shown.reduce((sum, category) => sum + plan.bytes[category], 0);

/** The chosen plan's activations and workspace as a share of full fine-tuning's, where both are there. */
export function shareOfFull(plans: readonly PlanReport[]): { share: number; chosen: number; full: number } | undefined {
  const [chosen] = plans;
  const full = plans.find(({ method, policy }) => method === 'full' && policy === 'store');
  if (chosen === undefined || full === undefined || chosen === full) return undefined;
  const own = bytesIn(chosen, transientCategories);
  const whole = bytesIn(full, transientCategories);
  return { share: own / whole, chosen: own, full: whole };
}

/** `forward encoder.layer.3` as its phase and its section. */
export function partsOf(name: string): { phase: string; section: string } {
  const space = name.indexOf(' ');
  return space < 0 ? { phase: name, section: '' } : { phase: name.slice(0, space), section: name.slice(space + 1) };
}

/** Layers of every architecture are numbered: `encoder.layer.3`, `decoder.layers.3`, `h.3`. */
const numbered = /(?:^|\.)(?:(encoder|decoder)\.)?\w+\.(\d+)/;

/** `layer 3`; with the stack before it where a model has two of them, which call their layers alike. */
export function shortSection(name = ''): string {
  const { section } = partsOf(name);
  const [, stack, layer] = numbered.exec(section) ?? [];
  if (layer === undefined) return section;
  return section.includes('.layers.') && stack !== undefined ? `${stack} layer ${layer}` : `layer ${layer}`;
}

export interface Axis {
  readonly names: readonly string[];
  /** Contiguous stretches of one phase, as indices from ... to (inclusive). */
  readonly phases: readonly { readonly phase: string; readonly from: number; readonly to: number }[];
  /** For each plan a moment for each name, or undefined where the plan has none (a frozen part has no backward pass). */
  readonly rows: readonly (readonly (TimelineMoment | undefined)[])[];
}

/** Makes names unique: a section that occurs twice in a phase has two places on the axis. */
const keysOf = (moments: readonly TimelineMoment[]): string[] => {
  const seen = new Map<string, number>();
  return moments.map(({ name }) => {
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times === 1 ? name : `${name} #${times}`;
  });
};

/** The moments of the plan that has most of them, with every plan's bytes at each. */
export function axisOf(plans: readonly PlanReport[]): Axis {
  const pass = plans.map(({ timeline }) => timeline.filter(({ name }) => /^(forward|backward)\b/.test(name)));
  const longest = pass.reduce<readonly TimelineMoment[]>((most, moments) => (moments.length > most.length ? moments : most), []);
  const names = keysOf(longest);
  const rows = pass.map((moments) => {
    const keys = keysOf(moments);
    const byKey = new Map(moments.map((moment, i) => [keys[i], moment]));
    return names.map((name) => byKey.get(name));
  });
  const phases: { phase: string; from: number; to: number }[] = [];
  for (const [i, name] of names.entries()) {
    const { phase } = partsOf(name);
    const last = phases.at(-1);
    if (last?.phase === phase) last.to = i;
    else phases.push({ phase, from: i, to: i });
  }
  return { names, phases, rows };
}

/** What happens at a moment, in words. */
export function story(plan: PlanReport, name: string): string {
  const { phase, section } = partsOf(name);
  const layer = numbered.test(section);
  if (phase === 'forward') {
    if (!layer) return 'runs';
    return {
      store: 'keeps what its gradient needs',
      checkpoint: 'keeps its input only',
      reversible: plan.streams === 'fixed' ? 'keeps the two streams and the bits that shifts drop' : 'keeps nothing but the two streams',
    }[plan.policy];
  }
  if (!layer || plan.policy === 'store') return 'differentiates what was kept';
  return plan.policy === 'reversible'
    ? 'rebuilds its input from its output, then differentiates'
    : 'runs again from its input, then differentiates';
}
