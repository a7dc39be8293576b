// A numbered block of choices.

import type { ReactNode } from 'react';

interface SectionProps {
  number: number;
  title: string;
  aside?: ReactNode;
  children: ReactNode;
}

export function Section({ number, title, aside, children }: SectionProps) {
  return (
    <section className="card section" aria-label={title}>
      <header className="section-head">
        <h2>
          <span className="section-number">{number}</span> {title}
        </h2>
        {aside}
      </header>
      {children}
    </section>
  );
}
