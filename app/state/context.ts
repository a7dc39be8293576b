// How components reach the store and its actions.

import { createContext, useContext } from 'react';
import { useStore } from 'zustand';
import type { AppState } from './app_state.ts';
import type { Actions, App } from './store.ts';

export const AppContext = createContext<App | undefined>(undefined);

function useAppContext(): App {
  const app = useContext(AppContext);
  if (app === undefined) throw new Error('AppContext is missing');
  return app;
}

export function useApp<T>(select: (state: AppState) => T): T {
  return useStore(useAppContext().store, select);
}

export function useActions(): Actions {
  return useAppContext().actions;
}
