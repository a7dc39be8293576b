// Where something on the hub is named. Typing sends nothing: Enter or the button does, and what is sent to whom stands below.

import { type ReactNode, useId, useState } from 'react';
import { hostOf } from '../state/hub/endpoint.ts';

interface NameFieldProps {
  label: string;
  placeholder: string;
  value: string;
  endpoint: string;
  pending: boolean;
  /** What the button does; left out, it looks it up. */
  action?: { readonly label: string; readonly pending: string };
  onLookUp(text: string): void;
  /** Further things to do with what is typed. */
  more?(text: string): ReactNode;
}

const lookingUp = { label: 'Look it up', pending: 'Looking it up …' };

export function NameField({ label, placeholder, value, endpoint, pending, action = lookingUp, onLookUp, more }: NameFieldProps) {
  const id = useId();
  const [text, setText] = useState(value);
  return (
    <form
      className="hub-name"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== '') onLookUp(text);
      }}
    >
      <label className="label" htmlFor={id}>
        {label}
      </label>
      <div className="hub-line">
        <input
          id={id}
          className="input"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          placeholder={placeholder}
          value={text}
          aria-describedby={`${id}-note`}
          onChange={({ target }) => setText(target.value)}
        />
        <button type="submit" className="button" disabled={pending || text.trim() === ''}>
          {pending ? action.pending : action.label}
        </button>
        {more?.(text)}
      </div>
      <p id={`${id}-note`} className="small muted">
        Sends what you typed to {hostOf(endpoint)}, once you ask. Your texts and labels never leave this page.
      </p>
    </form>
  );
}
