// What the tokenised data are like: how often each label, number or place of the right answer comes, how long texts are.

import type { Inputs } from '../../../src/protocol/cards.ts';
import type { AnswersReport, DataReport } from '../../../src/protocol/messages.ts';
import { countText, plural } from '../../../src/protocol/sentences.ts';
import { Figure, Numbers } from '../../ui/Figure.tsx';
import { number, percent } from '../../ui/format.ts';
import { useWidth } from '../../ui/use_width.ts';

interface DataPictureProps {
  report: DataReport;
  inputs: Inputs;
  pending: boolean;
}

/** More labels than these are drawn as a strip of columns, for a list would be a page long. */
const LISTED = 12;

export function DataPicture({ report, inputs, pending }: DataPictureProps) {
  return (
    <div className="data-picture" aria-busy={pending}>
      {report.labels.length > 0 && <LabelsFigure report={report} />}
      {report.numbers !== undefined && <NumbersFigure report={report} numbers={report.numbers} />}
      {report.answers !== undefined && <AnswersFigure report={report} answers={report.answers} />}
      {inputs === 'text' && <LengthsFigure report={report} />}
      {report.written !== undefined && (
        <WrittenFigure written={report.written} what={report.answers === undefined ? 'target' : 'right answer'} />
      )}
    </div>
  );
}

/** How many examples there are of which part. */
const partsText = ({ train, evaluation, sampled_from }: DataReport): string =>
  `${countText(train.examples)} to train on, ${countText(evaluation.examples)} to evaluate with${evaluation.held_back ? ', held back' : ''}${
    sampled_from === undefined ? '' : `; a sample of the ${countText(sampled_from)} rows in the file`
  }`;

function LabelsFigure({ report }: { report: DataReport }) {
  const { labels, train, evaluation } = report;
  const rows = labels.map((label, i) => ({ label, train: train.per_label[i] ?? 0, evaluation: evaluation.per_label[i] ?? 0 }));
  return (
    <Figure
      title={plural(labels.length, 'label')}
      note={partsText(report)}
      picture={
        labels.length <= LISTED ? (
          <BalanceList rows={rows} />
        ) : (
          <Columns
            values={rows.map(({ train: count }) => count)}
            label={`Examples of each of ${labels.length} labels: from ${train.per_label.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)} to ${train.per_label.reduce((a, b) => Math.max(a, b), 0)}.`}
            ends={[labels[0] ?? '', labels.at(-1) ?? '']}
          />
        )
      }
      table={() => (
        <Numbers
          caption="Examples of each label"
          head={['Label', 'Train', 'Evaluate']}
          rows={rows.map((row) => [row.label, countText(row.train), countText(row.evaluation)])}
        />
      )}
    />
  );
}

function NumbersFigure({
  report,
  numbers: { least, most, mean, standard_deviation, counts },
}: {
  report: DataReport;
  numbers: NonNullable<DataReport['numbers']>;
}) {
  const edge = (i: number) => number(least + ((most - least) * i) / counts.length);
  return (
    <Figure
      title={`Numbers from ${number(least)} to ${number(most)}`}
      note={`${partsText(report)}; mean ${number(mean)}, standard deviation ${number(standard_deviation)}`}
      picture={
        <Columns
          values={counts}
          label={`How often numbers come, from ${number(least)} to ${number(most)}; the table has the counts.`}
          ends={[number(least), number(most)]}
        />
      }
      table={() => (
        <Numbers
          caption="Training examples by their number"
          head={['Number', 'Examples']}
          rows={counts.map((count, i) => [`${edge(i)} to ${edge(i + 1)}`, countText(count)])}
        />
      )}
    />
  );
}

function AnswersFigure({ report, answers: { fewest, most, places } }: { report: DataReport; answers: AnswersReport }) {
  const rows = places.map((train, place) => ({ label: `number ${place + 1}`, train }));
  return (
    <Figure
      title={fewest === most ? `${most} answers per question` : `${fewest} to ${most} answers per question`}
      note={`${partsText(report)}; which of the answers is right`}
      picture={<BalanceList rows={rows} />}
      table={() => (
        <Numbers
          caption="Training examples by the place of the right answer"
          head={['Right answer', 'Examples']}
          rows={rows.map(({ label, train }) => [label, countText(train)])}
        />
      )}
    />
  );
}

function WrittenFigure({ written, what }: { written: readonly number[]; what: string }) {
  const most = written.length - 1;
  const all = written.reduce((sum, count) => sum + count, 0);
  const mean = written.reduce((sum, count, length) => sum + count * length, 0) / Math.max(1, all);
  return (
    <Figure
      title={`Tokens per ${what}`}
      note={`The loss is on these: ${number(mean)} on average, ${most} at most`}
      picture={<Columns values={written} label={`Lengths in tokens, ${most} at most.`} ends={['0', `${most}`]} />}
      table={() => (
        <Numbers
          caption={`Training examples by the tokens of their ${what}`}
          head={['Tokens', 'Examples']}
          rows={written.flatMap((count, length) => (count > 0 ? [[length, countText(count)]] : []))}
        />
      )}
    />
  );
}

function LengthsFigure({ report }: { report: DataReport }) {
  const { train, evaluation, lengths, truncated, max_length, labels, numbers, answers } = report;
  const all = train.examples + evaluation.examples;
  const cut =
    truncated === 0
      ? `None of ${countText(all)} is longer than ${max_length}`
      : `${countText(truncated)} of ${countText(all)} (${percent(truncated / all)}) are cut at ${max_length}`;
  const first = labels.length === 0 && numbers === undefined && answers === undefined;
  return (
    <Figure
      title="Tokens per text"
      note={first ? `${partsText(report)}. ${cut}` : cut}
      picture={
        <Columns
          values={lengths}
          label={`Lengths in tokens; ${truncated} texts are cut at ${max_length}.`}
          ends={['0', `${lengths.length - 1}`]}
        />
      }
      table={() => (
        <Numbers
          caption="Texts of each length"
          head={['Tokens', 'Texts']}
          rows={lengths.flatMap((count, length) => (count > 0 ? [[length, countText(count)]] : []))}
        />
      )}
    />
  );
}

function BalanceList({ rows }: { rows: readonly { label: string; train: number }[] }) {
  const most = rows.reduce((a, { train }) => Math.max(a, train), 1);
  return (
    <ul className="balance">
      {rows.map(({ label, train }) => (
        <li key={label}>
          <span className="balance-label" title={label}>
            {label}
          </span>
          <span className="meter" aria-hidden="true">
            {train > 0 && <span style={{ width: `${(train / most) * 100}%` }} />}
          </span>
          <span className="balance-count">{countText(train)}</span>
        </li>
      ))}
    </ul>
  );
}

const HEIGHT = 96;

function Columns({ values, label, ends }: { values: readonly number[]; label: string; ends: readonly [string, string] }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const most = values.reduce((a, b) => Math.max(a, b), 1);
  const step = width / Math.max(1, values.length);
  return (
    <div ref={ref} className="columns">
      <svg width={width} height={HEIGHT} role="img" aria-label={label}>
        <line className="grid" x1={0} x2={width} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} />
        <path
          className="fill-accent"
          d={values
            .map((value, i) => {
              const height = (value / most) * (HEIGHT - 4);
              return value === 0 ? '' : `M${i * step},${HEIGHT}v${-height}h${Math.max(0.5, step - (step > 3 ? 1 : 0))}v${height}Z`;
            })
            .join('')}
        />
      </svg>
      <div className="columns-ends" aria-hidden="true">
        <span>{ends[0]}</span>
        <span>{ends[1]}</span>
      </div>
    </div>
  );
}
