// The page's entry: reads what was kept from the last visit, starts the worker, mounts the application.

import { createRoot } from 'react-dom/client';
import { startTrainer } from '../src/client/worker.ts';
import { AppRoot, screenOfHash } from './AppRoot.tsx';
import { load } from './state/persist.ts';
import { createApp } from './state/store.ts';
import './styles/index.css';

const root = document.getElementById('root');
if (root !== null) {
  const kept = await load();
  const app = createApp(startTrainer(), kept);
  // Before the first render, because every later change of screen adds an entry to the history.
  app.actions.show(screenOfHash());
  createRoot(root).render(<AppRoot app={app} />);
}
