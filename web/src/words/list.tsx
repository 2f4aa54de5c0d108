import type { ReactNode } from 'react';

/** A table in its frame. Where it is wider than the page it is walked through by the arrow keys too. */
export function List({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="list" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
