// Name, the screens, what computes, light or dark.

import { Tabs } from 'radix-ui';
import { useActions, useApp } from '../state/context.ts';
import type { Theme } from '../state/persist.ts';
import { isActive } from '../state/run.ts';
import { Icon } from '../ui/icons.tsx';

const nextTheme: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' };
const themeIcons = { system: 'system', light: 'sun', dark: 'moon' } as const;

export function Header() {
  const environment = useApp((state) => state.environment.value);
  const active = useApp((state) => isActive(state.run));
  const theme = useApp((state) => state.theme);
  const { setTheme } = useActions();
  return (
    <header className="top">
      <h1>
        <img src="./icon.svg" alt="" width="24" height="24" /> Retrace
      </h1>
      <Tabs.List className="tabs" aria-label="Screens">
        <Tabs.Trigger value="choose">Choose</Tabs.Trigger>
        <Tabs.Trigger value="train">Train{active && <span className="dot" role="img" aria-label="running" />}</Tabs.Trigger>
        <Tabs.Trigger value="compare">Compare</Tabs.Trigger>
        <Tabs.Trigger value="results">Results</Tabs.Trigger>
      </Tabs.List>
      <p className="device" title={environment?.available === true ? environment.adapter : undefined}>
        {environment === undefined ? 'Looking for a GPU …' : environment.available ? environment.adapter : 'No GPU'}
      </p>
      <button
        type="button"
        className="quiet"
        onClick={() => setTheme(nextTheme[theme])}
        aria-label={`Colours: ${theme}. Change`}
        title={`Colours: ${theme}`}
      >
        <Icon name={themeIcons[theme]} />
      </button>
    </header>
  );
}
