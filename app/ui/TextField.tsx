// A short text with its default in sight. It takes effect when the field is left or Enter is pressed.

import { useEffect, useId, useState } from 'react';
import { Info } from './Info.tsx';
import { Icon } from './icons.tsx';

interface TextFieldProps {
  /** Of the option that it sets. */
  name?: string;
  label: string;
  help: string;
  /** Why the default is what it is. */
  reason?: string;
  value: string;
  standard: string;
  error?: string | undefined;
  onChange(value: string): void;
}

export function TextField({ name, label, help, reason, value, standard, error, onChange }: TextFieldProps) {
  const id = useId();
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
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
        autoComplete="off"
        spellCheck={false}
        value={text}
        aria-invalid={error !== undefined}
        aria-describedby={`${id}-note`}
        onChange={({ target }) => setText(target.value)}
        onBlur={() => text !== value && onChange(text)}
        onKeyDown={({ key }) => key === 'Enter' && text !== value && onChange(text)}
      />
      <div className="field-note" id={`${id}-note`}>
        {error !== undefined ? (
          <span className="field-wrong">{error}</span>
        ) : value !== standard ? (
          <button type="button" className="link" onClick={() => onChange(standard)} aria-label={`default ${standard}, reset ${label}`}>
            <Icon name="reset" /> default {standard}
          </button>
        ) : (
          <span>default</span>
        )}
      </div>
    </div>
  );
}
