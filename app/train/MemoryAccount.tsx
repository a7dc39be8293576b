// What was predicted beside what the allocator counts, category by category. They must be equal to the byte; the page says so or says where not.

import { categories } from '../../src/protocol/config.ts';
import type { PlanReport } from '../../src/protocol/messages.ts';
import { countText } from '../../src/protocol/sentences.ts';
import { categoryTitles } from '../memory/plans.ts';
import type { MemoryEvent } from '../state/run.ts';
import { bytes } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';

interface MemoryAccountProps {
  plan: PlanReport | undefined;
  memory: MemoryEvent | undefined;
}

export function MemoryAccount({ plan, memory }: MemoryAccountProps) {
  if (memory === undefined) return <p className="small muted">Counted once everything is allocated.</p>;
  const equal = memory.total === memory.planned;
  return (
    <>
      <p className={equal ? 'verdict verdict-good' : 'verdict verdict-bad'}>
        <Icon name={equal ? 'check' : 'alert'} />
        {equal
          ? `${bytes(memory.total)} allocated, as predicted to the byte`
          : `${countText(memory.total)} bytes allocated, ${countText(memory.planned)} predicted`}
      </p>
      <table className="numbers account">
        <caption className="hidden">Predicted and allocated bytes by category</caption>
        <thead>
          <tr>
            <th scope="col">Bytes</th>
            <th scope="col">predicted</th>
            <th scope="col">allocated</th>
          </tr>
        </thead>
        <tbody>
          {categories.map((category) => (
            <tr key={category}>
              <th scope="row">
                <span className={`swatch swatch-${category}`} /> {categoryTitles[category]}
              </th>
              <td>{plan === undefined ? '–' : countText(plan.bytes[category])}</td>
              <td>{countText(memory.live[category])}</td>
            </tr>
          ))}
          <tr className="total">
            <th scope="row">total</th>
            <td>{countText(memory.planned)}</td>
            <td>{countText(memory.total)}</td>
          </tr>
        </tbody>
      </table>
    </>
  );
}
