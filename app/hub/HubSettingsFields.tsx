// Where to ask and with which token. Invariant: the token is in the worker's memory alone, unless its owner ticks that it be remembered on this device.

import { useId, useState } from 'react';
import { useActions, useApp } from '../state/context.ts';
import { hubEndpoint, pageAdmits } from '../state/hub/endpoint.ts';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { Unfold } from '../ui/Unfold.tsx';

/** Says which address the page's security policy blocks, or undefined. */
function shutOut(address: string): string | undefined {
  if (address.trim() === '') return undefined;
  try {
    return pageAdmits(address.trim())
      ? undefined
      : 'The security policy of this page does not admit that address. Serve or build it with HF_ENDPOINT set to it, as the README says.';
  } catch {
    return 'Type an address: https://mirror.example.org';
  }
}

export function HubSettingsFields() {
  const { settings, place } = useApp((state) => state.hub);
  const { setHub } = useActions();
  const id = useId();
  const [endpoint, setEndpoint] = useState(settings.endpoint ?? '');
  const [server, setServer] = useState(settings.datasets_server ?? '');
  const [token, setToken] = useState(settings.token ?? '');
  const [remember, setRemember] = useState(settings.token !== undefined);
  const wrong = [shutOut(endpoint), shutOut(server)];
  const given = (text: string) => (text.trim() === '' ? undefined : text.trim().replace(/\/+$/, ''));
  const hasToken = place.value?.has_token === true;
  return (
    <Unfold title={`Access token and address${hasToken ? ': a token is in use' : ''}`}>
      <form
        className="hub-settings"
        autoComplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          if (wrong.every((one) => one === undefined))
            setHub({ endpoint: given(endpoint), datasets_server: given(server), token: given(token) }, remember);
        }}
      >
        <div className="field">
          <label className="label" htmlFor={`${id}-token`}>
            Access token
          </label>
          <input
            id={`${id}-token`}
            className="input"
            type="password"
            // "off" is not heeded for passwords; this is, and the two others tell extensions to keep away.
            autoComplete="new-password"
            data-1p-ignore="true"
            data-lpignore="true"
            spellCheck={false}
            value={token}
            placeholder="hf_…"
            aria-describedby={`${id}-token-note`}
            onChange={({ target }) => setToken(target.value)}
          />
          <p id={`${id}-token-note`} className="small muted">
            Only for gated and private models. Make one that may read at huggingface.co, under Settings, Access Tokens. It goes to the hub
            and to no other host, and is forgotten with this tab.
          </p>
          <label className="check small">
            <input type="checkbox" checked={remember} onChange={({ target }) => setRemember(target.checked)} /> Remember it on this device
          </label>
        </div>
        <AddressField
          label="Address of the hub"
          placeholder={hubEndpoint()}
          value={endpoint}
          wrong={wrong[0]}
          note="Of a mirror, where you use one."
          onChange={setEndpoint}
        />
        <AddressField
          label="Address of the data sets server"
          placeholder={place.value?.datasets_server ?? ''}
          value={server}
          wrong={wrong[1]}
          note="It describes data sets and shows their rows. Mirrors often have none."
          onChange={setServer}
        />
        {place.error !== undefined && <ErrorNote error={place.error} />}
        <div className="row">
          <button type="submit" className="button">
            Use these
          </button>
          {hasToken && (
            <button
              type="button"
              className="quiet"
              onClick={() => {
                setToken('');
                setRemember(false);
                setHub({ endpoint: given(endpoint), datasets_server: given(server) }, false);
              }}
            >
              Forget the token
            </button>
          )}
        </div>
      </form>
    </Unfold>
  );
}

interface AddressFieldProps {
  label: string;
  placeholder: string;
  value: string;
  wrong: string | undefined;
  note: string;
  onChange(value: string): void;
}

function AddressField({ label, placeholder, value, wrong, note, onChange }: AddressFieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label className="label" htmlFor={id}>
        {label}
      </label>
      <input
        id={id}
        className="input"
        autoComplete="off"
        spellCheck={false}
        inputMode="url"
        placeholder={placeholder}
        value={value}
        aria-invalid={wrong !== undefined}
        aria-describedby={`${id}-note`}
        onChange={({ target }) => onChange(target.value)}
      />
      <p id={`${id}-note`} className={wrong === undefined ? 'small muted' : 'small wrong'}>
        {wrong ?? note}
      </p>
    </div>
  );
}
