// The memory that a run will take, before it is started: exact, from the plan that the allocator obeys.

import { useState } from 'react';
import type { Catalogue } from '../../src/protocol/cards.ts';
import { type Category, categories } from '../../src/protocol/config.ts';
import type { PlanReport } from '../../src/protocol/messages.ts';
import { batchText, countText } from '../../src/protocol/sentences.ts';
import type { Answer } from '../state/answer.ts';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { Figure, Numbers } from '../ui/Figure.tsx';
import { bytes, percent } from '../ui/format.ts';
import { Segmented } from '../ui/Segmented.tsx';
import { BudgetNote } from './BudgetNote.tsx';
import { MemoryBars } from './MemoryBars.tsx';
import { axisOf, categoryTitles, shareOfFull, titleOf, transientCategories } from './plans.ts';
import { Timeline } from './Timeline.tsx';

interface MemoryPictureProps {
  plans: Answer<readonly PlanReport[]>;
  catalogue: Catalogue | undefined;
}

type Shown = 'all' | 'transient';

export function MemoryPicture({ plans, catalogue }: MemoryPictureProps) {
  const [shown, setShown] = useState<Shown>('transient');
  const made = plans.value ?? [];
  const [chosen] = made;
  if (plans.error !== undefined) return <ErrorNote error={plans.error} />;
  if (chosen === undefined) return <div className="skeleton skeleton-tall" role="status" aria-label="Planning memory" />;
  const share = shareOfFull(made);
  const of: readonly Category[] = shown === 'all' ? categories : transientCategories;
  return (
    <div className="memory" aria-busy={plans.pending}>
      <div className="memory-head">
        <p className="memory-total">
          <strong>{bytes(chosen.bytes.total)}</strong> of GPU memory, exactly
        </p>
        {chosen.host !== undefined && (
          <p className="small">
            And <strong>{bytes(chosen.host.bytes)}</strong> off the GPU; a step moves at most {bytes(chosen.host.to_gpu)} there and{' '}
            {bytes(chosen.host.from_gpu)} back.
          </p>
        )}
        {chosen.writing !== undefined && (
          <p className="small">
            {'refusal' in chosen.writing ? (
              <>No text is written in an evaluation. {chosen.writing.refusal}</>
            ) : (
              <>
                And <strong>{bytes(chosen.writing.bytes)}</strong> while an evaluation writes texts, {chosen.writing.texts} at a time.
              </>
            )}
          </p>
        )}
        {share !== undefined && (
          <p className="memory-share">
            <strong>{percent(share.share)}</strong> of full fine-tuning's activations and workspace
            <span className="muted">
              {' '}
              ({bytes(share.chosen)} against {bytes(share.full)})
            </span>
          </p>
        )}
        <BudgetNote plan={chosen} />
      </div>
      <Figure
        title="Bytes by category"
        note={
          <Segmented<Shown>
            label="Categories shown"
            value={shown}
            items={[
              { value: 'transient', label: 'Activations and workspace' },
              { value: 'all', label: 'Everything' },
            ]}
            onChange={setShown}
          />
        }
        picture={<MemoryBars plans={made} catalogue={catalogue} shown={of} />}
        table={() => (
          <Numbers
            caption="Bytes by category and method"
            head={['Category', ...made.map((plan) => titleOf(plan, catalogue))]}
            rows={[
              ...categories.map((category) => [categoryTitles[category], ...made.map((plan) => countText(plan.bytes[category]))]),
              ['total', ...made.map((plan) => countText(plan.bytes.total))],
              ['trainable parameters', ...made.map((plan) => countText(plan.trainable_parameters))],
            ]}
          />
        )}
      />
      <Figure
        title="Live bytes through one step"
        picture={<Timeline plans={made} catalogue={catalogue} />}
        table={() => {
          const axis = axisOf(made);
          return (
            <Numbers
              caption="Live bytes at each moment of a step"
              head={['Moment', ...made.map((plan) => titleOf(plan, catalogue)), `${titleOf(chosen, catalogue)}: kept`]}
              rows={axis.names.map((name, i) => [
                name,
                ...axis.rows.map((row) => countText(row[i]?.live ?? 0)),
                countText(axis.rows[0]?.[i]?.activation ?? 0),
              ])}
            />
          );
        }}
      />
      <p className="muted small">
        At batch {batchText(chosen)} and length {chosen.length}, all by the same engine. Largest moment: <code>{chosen.peak.at}</code>.
        Adapter and optimizer included: {countText(chosen.trainable_parameters)} trainable parameters.
      </p>
    </div>
  );
}
