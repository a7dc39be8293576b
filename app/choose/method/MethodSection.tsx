// The method and how its activations come back.

import type { MethodCard } from '../../../src/protocol/cards.ts';
import type { MethodName, PolicyName } from '../../../src/protocol/config.ts';
import { PolicyField } from '../memory/PolicyField.tsx';
import { MethodDetail } from './MethodDetail.tsx';
import { MethodTiles } from './MethodTiles.tsx';

interface MethodSectionProps {
  methods: readonly MethodCard[];
  method: MethodName;
  policy: PolicyName;
  onMethod(method: MethodName): void;
  budget?: 'chooses' | 'bound' | undefined;
  onPolicy(policy: PolicyName | undefined): void;
}

export function MethodSection({ methods, method, policy, budget, onMethod, onPolicy }: MethodSectionProps) {
  const card = methods.find(({ name }) => name === method);
  if (card === undefined) return <div className="skeleton skeleton-tall" role="status" aria-label="Loading methods" />;
  return (
    <>
      <MethodTiles methods={methods} method={method} onMethod={onMethod} />
      <MethodDetail card={card} />
      <PolicyField card={card} policy={policy} budget={budget} onPolicy={onPolicy} />
    </>
  );
}
