// The method and how its activations come back.

import type { MethodCard } from '../../src/protocol/cards.ts';
import { type MethodName, type PolicyName, policyNames } from '../../src/protocol/config.ts';
import { memoryOptions } from '../../src/protocol/options/memory.ts';
import { MethodDetail } from '../methods/MethodDetail.tsx';
import { MethodTiles } from '../methods/MethodTiles.tsx';
import { Row } from '../ui/Row.tsx';
import { Segmented } from '../ui/Segmented.tsx';

interface MethodSectionProps {
  methods: readonly MethodCard[];
  method: MethodName;
  policy: PolicyName;
  onMethod(method: MethodName): void;
  onPolicy(policy: PolicyName): void;
}

const policyTexts: Readonly<Record<PolicyName, string>> = {
  store: 'Keeps every activation until the backward pass has used it. Fastest, largest.',
  checkpoint: 'Keeps the input of layers and runs them again in the backward pass.',
  reversible: 'Keeps the last two streams only and rebuilds each layer’s input from its output.',
};

export function MethodSection({ methods, method, policy, onMethod, onPolicy }: MethodSectionProps) {
  const card = methods.find(({ name }) => name === method);
  if (card === undefined) return <div className="skeleton skeleton-tall" role="status" aria-label="Loading methods" />;
  const refused = policyNames.flatMap((name) => (card.refusals[name] === null ? [] : [{ name, reason: card.refusals[name] }]));
  return (
    <>
      <MethodTiles methods={methods} method={method} onMethod={onMethod} />
      <MethodDetail card={card} />
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
