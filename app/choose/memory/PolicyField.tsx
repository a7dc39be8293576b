// How activations come back: one policy for all layers, and why the method refuses others.

import type { MethodCard } from '../../../src/protocol/cards.ts';
import { type PolicyName, policyNames } from '../../../src/protocol/config.ts';
import { memoryOptions } from '../../../src/protocol/options/memory.ts';
import { Row } from '../../ui/Row.tsx';
import { Segmented } from '../../ui/Segmented.tsx';

const policyTexts: Readonly<Record<PolicyName, string>> = {
  store: 'Keeps every activation until the backward pass has used it. Fastest, largest.',
  checkpoint: 'Keeps the input of layers and runs them again in the backward pass.',
  reversible: 'Keeps the last two streams only and rebuilds each layer’s input from its output.',
};

interface PolicyFieldProps {
  card: MethodCard;
  policy: PolicyName;
  /** With a memory budget: whether it chooses the policy, or a person has. */
  budget?: 'chooses' | 'bound' | undefined;
  /** Undefined: the budget is to choose. */
  onPolicy(policy: PolicyName | undefined): void;
}

/** Stands for a policy that the budget chooses. */
const byBudget = 'budget';

export function PolicyField({ card, policy, budget, onPolicy }: PolicyFieldProps) {
  const refused = policyNames.flatMap((name) => (card.refusals[name] === null ? [] : [{ name, reason: card.refusals[name] }]));
  return (
    <>
      <Row name="policy" label={memoryOptions.policy.label}>
        <Segmented<PolicyName | typeof byBudget>
          label="How activations come back"
          value={budget === 'chooses' ? byBudget : policy}
          items={[
            ...(budget === undefined ? [] : [{ value: byBudget, label: 'by the budget' } as const]),
            ...policyNames.map((name) => ({
              value: name,
              label: name,
              disabled: card.refusals[name] !== null,
              ...(card.refusals[name] === null ? {} : { title: card.refusals[name] }),
            })),
          ]}
          onChange={(chosen) => onPolicy(chosen === byBudget ? undefined : chosen)}
        />
      </Row>
      <p className="small muted">
        {budget === 'chooses'
          ? 'The memory budget chooses, layer by layer. A policy that you choose here stays as it is.'
          : policyTexts[policy]}
      </p>
      {refused.map(({ name, reason }) => (
        <p className="small muted" key={name}>
          <strong>{name}</strong> is not for {card.title}: {reason}
        </p>
      ))}
    </>
  );
}
