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
  onPolicy(policy: PolicyName): void;
}

export function PolicyField({ card, policy, onPolicy }: PolicyFieldProps) {
  const refused = policyNames.flatMap((name) => (card.refusals[name] === null ? [] : [{ name, reason: card.refusals[name] }]));
  return (
    <>
      <Row name="policy" label={memoryOptions.policy.label}>
        <Segmented<PolicyName>
          label="How activations come back"
          value={policy}
          items={policyNames.map((name) => ({
            value: name,
            label: name,
            disabled: card.refusals[name] !== null,
            ...(card.refusals[name] === null ? {} : { title: card.refusals[name] }),
          }))}
          onChange={onPolicy}
        />
      </Row>
      <p className="small muted">{policyTexts[policy]}</p>
      {refused.map(({ name, reason }) => (
        <p className="small muted" key={name}>
          <strong>{name}</strong> is not for {card.title}: {reason}
        </p>
      ))}
    </>
  );
}
