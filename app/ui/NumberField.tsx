// A number with its default in sight. What is typed takes effect when it is a number within bounds; until then the last good one stays in force. An
// empty field leaves out a number that may be left out.

import { useEffect, useId, useState } from 'react';
import { Info } from './Info.tsx';
import { Icon } from './icons.tsx';

/** The least of a number that must be above 0. */
export const tiny = 1e-12;

export interface NumberFieldProps {
  /** Of the option that it sets. */
  name?: string;
  label: string;
  help: string;
  /** Why the default is what it is. */
  reason?: string;
  /** Undefined: left out. */
  value: number | undefined;
  /** Undefined: it is left out by default. */
  standard: number | undefined;
  /** What happens without this number, where it may be left out. */
  leftOut?: string | undefined;
  min: number;
  max?: number;
  /** It is less than this number. */
  below?: number;
  whole?: boolean;
  multipleOf?: number;
  /** An error that the worker found with this value. */
  error?: string | undefined;
  onChange(value: number): void;
  onLeaveOut?(): void;
}

type Bounds = Pick<NumberFieldProps, 'min' | 'max' | 'below' | 'whole' | 'multipleOf'>;

export function problem(text: string, { min, max, below, whole, multipleOf = 0 }: Bounds): string | undefined {
  const value = Number(text);
  // What JavaScript also reads as a number, such as 0x10, is none to people.
  if (!/^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(text) || !Number.isFinite(value)) return 'Type a number.';
  if (whole === true && !Number.isInteger(value)) return 'Type a whole number.';
  if (value < min) return min === tiny ? 'Type more than 0.' : `At least ${min}.`;
  if (max !== undefined && value > max) return `At most ${max}.`;
  if (below !== undefined && value >= below) return `Type less than ${below}.`;
  if (multipleOf > 0 && value % multipleOf !== 0) return `Type a multiple of ${multipleOf}.`;
  return undefined;
}

const textOf = (value: number | undefined): string => (value === undefined ? '' : String(value));

export function NumberField(props: NumberFieldProps) {
  const { name, label, help, reason, value, standard, leftOut, error, onChange, onLeaveOut, ...bounds } = props;
  const id = useId();
  const [text, setText] = useState(textOf(value));
  const empty = (typed: string) => leftOut !== undefined && typed.trim() === '';
  const problemOf = (typed: string) => (empty(typed) ? undefined : problem(typed, bounds));
  const take = (typed: string) => (empty(typed) ? onLeaveOut?.() : onChange(Number(typed)));
  // A value set from elsewhere (a reset, another method) replaces the text; typing "0.10" for 0.1 does not.
  useEffect(() => setText((typed) => (Number(typed) === value && typed.trim() !== '' ? typed : textOf(value))), [value]);
  const wrong = problemOf(text) ?? error;
  const usual = standard === undefined ? `default: ${leftOut}` : `default ${standard}`;
  return (
    <div className="field" data-option={name}>
      <div className="field-head">
        <label htmlFor={id}>{label}</label>
        <Info about={label} reason={reason}>
          {help}
        </Info>
      </div>
      <input
        id={id}
        className="input"
        inputMode="decimal"
        autoComplete="off"
        value={text}
        aria-invalid={wrong !== undefined}
        aria-describedby={`${id}-note`}
        onChange={({ target }) => {
          setText(target.value);
          if (problemOf(target.value) === undefined) take(target.value);
        }}
        onBlur={() => setText(textOf(value))}
      />
      <div className="field-note" id={`${id}-note`}>
        {wrong !== undefined ? (
          <span className="field-wrong">{wrong}</span>
        ) : value === standard ? (
          <span>{usual}</span>
        ) : (
          <button type="button" className="link" onClick={() => take(textOf(standard))} aria-label={`${usual}, reset ${label}`}>
            <Icon name="reset" /> {usual}
          </button>
        )}
      </div>
    </div>
  );
}
