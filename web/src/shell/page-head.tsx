import { useEffect, type ReactNode } from 'react';

/** The heading of a page, which is the title of the browser's tab as well. It takes the focus when somebody comes to the
 * page (frame.tsx). */
export function PageHead({ title, beside, end }: { title: string; beside?: ReactNode; end?: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Daybook`;
  }, [title]);
  return (
    <header className="page-head">
      <h1 tabIndex={-1}>{title}</h1>
      {beside}
      {end && <div className="end">{end}</div>}
    </header>
  );
}
