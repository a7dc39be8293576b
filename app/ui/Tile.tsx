// One of several things to choose from, in a RadioGroup: its title, a picture where there is one, a sentence about it and what else is to be known.

import { RadioGroup } from 'radix-ui';
import { type ReactNode, useId } from 'react';

interface TileProps {
  name: string;
  title: string;
  summary: string | undefined;
  disabled?: boolean;
  picture?: ReactNode;
  children?: ReactNode;
}

export function Tile({ name, title, summary, disabled = false, picture, children }: TileProps) {
  const about = useId();
  return (
    <RadioGroup.Item className="tile" value={name} disabled={disabled} aria-label={title} aria-describedby={about}>
      <span className="tile-title">{title}</span>
      {picture}
      <span className="tile-summary" id={about}>
        {summary}
      </span>
      {children}
    </RadioGroup.Item>
  );
}
