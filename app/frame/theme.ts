// Light or dark: what the person chose, else what the system says.

import { useEffect, useSyncExternalStore } from 'react';
import type { Theme } from '../state/persist.ts';

const darkQuery = () => matchMedia('(prefers-color-scheme: dark)');

function subscribe(changed: () => void): () => void {
  const query = darkQuery();
  query.addEventListener('change', changed);
  return () => query.removeEventListener('change', changed);
}

/** Applies the theme to the document; returns the one in force. */
export function useTheme(theme: Theme): 'light' | 'dark' {
  const systemIsDark = useSyncExternalStore(subscribe, () => darkQuery().matches);
  const inForce = theme === 'system' ? (systemIsDark ? 'dark' : 'light') : theme;
  // Children read colours when they draw, so the theme must be set before their effects run.
  document.documentElement.dataset.theme = inForce;
  useEffect(() => {
    document.documentElement.dataset.theme = inForce;
  }, [inForce]);
  return inForce;
}
