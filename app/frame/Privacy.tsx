// What keeps the user's data here, as the host of this page lets it: a server that sends no security policy leaves the worker without one.

import { useEffect, useState } from 'react';
import { hostOf, hubEndpoint } from '../state/hub/endpoint.ts';
import { missingHeaders } from './hosting.ts';

export function Privacy() {
  const [missing, setMissing] = useState<readonly string[]>([]);
  useEffect(() => {
    // The development server sends no policy: Vite's own scripts need more than it allows.
    if (!import.meta.env.DEV) void missingHeaders().then(setMissing);
  }, []);
  const unbound = missing.includes('Content-Security-Policy');
  const slower = missing.filter((name) => name.startsWith('Cross-Origin-'));
  return (
    <>
      <p>
        Retrace trains on your own GPU, inside this page. 0 bytes of your data leave it.{' '}
        {unbound ? 'It talks' : 'Its security policy lets it talk'} to the address it came from and to {hostOf(hubEndpoint())}, which it
        asks for a model or data set only when you do, by name.
      </p>
      {unbound && (
        <p role="note">
          The server of this page does not send the header Content-Security-Policy. The browser holds the page to its policy all the same,
          but not the worker that computes. The README says how to send it.
        </p>
      )}
      {slower.length > 0 && (
        <p role="note">
          The server of this page does not send {slower.join(' and ')}. Everything works, but sparse adapters copy their rows where they
          could share them.
        </p>
      )}
    </>
  );
}
