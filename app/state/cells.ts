// Every method with every policy that it takes: the cells of the comparison, and what is asked for each. Pure. Not here: what a row of the table says
// (compare/rows.ts).

import type { Catalogue } from '../../src/protocol/cards.ts';
import { type MethodName, type ModelRef, type PolicyName, policyNames } from '../../src/protocol/config.ts';
import type { ErrorReport } from '../../src/protocol/errors.ts';
import type { DataReport, PlanReport, PlanRequest } from '../../src/protocol/messages.ts';
import { inOrder } from './method_groups.ts';
import { cardOf, lengthOf, planRequestOf, type Settings } from './settings.ts';

export interface Cell {
  readonly method: MethodName;
  readonly policy: PolicyName;
  readonly title: string;
  readonly request: PlanRequest;
}

export const keyOf = ({ method, policy }: { method: MethodName; policy: PolicyName }): string => `${method} ${policy}`;

/** Every method with every policy that it doesn't refuse, each with its own defaults, at the batch and length that are chosen. */
export function cellsOf(settings: Settings, catalogue: Catalogue, report: DataReport | undefined): Cell[] {
  const length = lengthOf(settings, cardOf(catalogue, settings.method));
  return inOrder(catalogue.methods).flatMap(({ name, title, refusals }) =>
    policyNames
      .filter((policy) => refusals[policy] === null)
      .map((policy) => ({
        method: name,
        policy,
        title: `${title}, ${policy}`,
        // The plan of one step at full length, because the plan of a run also depends on the lengths of the data.
        request: planRequestOf(settings, length, report, { method: name, policy, options: {} }, 'step'),
      })),
  );
}

/** Names a model; for a folder with its paths and sizes, since two folders may have one name. */
const modelText = (model: ModelRef): string =>
  model.kind === 'files' ? [model.name, ...model.files.map(({ path, blob }) => `${path} ${blob.size}`)].join() : JSON.stringify(model);

/** Equal for two lists of cells that ask for the same plans. */
export const signatureOf = (cells: readonly Cell[]): string =>
  JSON.stringify(cells.map(({ request }) => ({ ...request, model: modelText(request.model) })));

/** What is known of a cell so far. */
export interface Outcome {
  readonly plan?: PlanReport;
  readonly error?: ErrorReport;
}
