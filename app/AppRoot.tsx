// The page's frame: header, the screens as tabs, footer. The address's hash says which screen, so that back and forward work.

import { Tabs } from 'radix-ui';
import { lazy, Suspense, useDeferredValue, useEffect } from 'react';
import { ChooseScreen } from './choose/ChooseScreen.tsx';
import { Busy } from './frame/Busy.tsx';
import { Environment } from './frame/Environment.tsx';
import { Header } from './frame/Header.tsx';
import { Privacy } from './frame/Privacy.tsx';
import { useTheme } from './frame/theme.ts';
import { ResultsScreen } from './results/ResultsScreen.tsx';
import { type Screen, screens } from './state/app_state.ts';
import { AppContext, useActions, useApp } from './state/context.ts';
import type { App } from './state/store.ts';
import { TrainScreen } from './train/TrainScreen.tsx';

/** Screens that most visits don't open. */
const BenchScreen = lazy(() => import('./bench/BenchScreen.tsx'));
const CompareScreen = lazy(() => import('./compare/CompareScreen.tsx'));

export function AppRoot({ app }: { app: App }) {
  return (
    <AppContext value={app}>
      <Frame />
    </AppContext>
  );
}

/** The screen that the address names. */
export const screenOfHash = (): Screen => screens.find((screen) => location.hash === `#${screen}`) ?? 'choose';

function Frame() {
  const screen = useApp((state) => state.screen);
  // A screen is rendered in slices, so that a click on its name is answered at once.
  const shown = useDeferredValue(screen);
  const { show } = useActions();
  const theme = useTheme(useApp((state) => state.theme));
  useEffect(() => {
    const follow = () => show(screenOfHash());
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, [show]);
  useEffect(() => {
    if (screenOfHash() !== screen) history.pushState(null, '', `#${screen}`);
  }, [screen]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each screen begins at its top, once it is there.
  useEffect(() => {
    scrollTo(0, 0);
  }, [shown]);
  return (
    <Tabs.Root value={shown} onValueChange={(next) => show(next as Screen)} activationMode="manual">
      <Header />
      <main>
        <Environment />
        <Busy />
        <Tabs.Content value="choose" tabIndex={-1}>
          <ChooseScreen />
        </Tabs.Content>
        <Tabs.Content value="train" tabIndex={-1}>
          <TrainScreen theme={theme} />
        </Tabs.Content>
        <Tabs.Content value="compare" tabIndex={-1}>
          <Suspense fallback={<div className="skeleton skeleton-tall" role="status" aria-label="Loading" />}>
            <CompareScreen theme={theme} />
          </Suspense>
        </Tabs.Content>
        <Tabs.Content value="bench" tabIndex={-1}>
          <Suspense fallback={<div className="skeleton skeleton-tall" role="status" aria-label="Loading" />}>
            <BenchScreen />
          </Suspense>
        </Tabs.Content>
        <Tabs.Content value="results" tabIndex={-1}>
          <ResultsScreen theme={theme} />
        </Tabs.Content>
      </main>
      <footer>
        <Privacy />
        <p>
          <a href="./licenses.md">Third-party licences</a>
        </p>
      </footer>
    </Tabs.Root>
  );
}
