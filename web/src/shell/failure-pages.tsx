import { Link, type ErrorComponentProps } from '@tanstack/react-router';
import { Button } from 'antd';
import type { ReactNode } from 'react';
import { useWords } from '../language/wording.ts';
import { Problem } from '../problem/problem.ts';
import { Trouble } from '../problem/trouble.tsx';

/** No such address. */
export function MissingPage() {
  const { t } = useWords();
  return (
    <NoPage title={t('problem.notFoundTitle')} lead={t('problem.notFoundLead')}>
      <Link to="/records">{t('problem.toRecords')}</Link>
    </NoPage>
  );
}

/** A page that could not be made. */
export function CrashPage({ error, reset }: ErrorComponentProps) {
  const { t } = useWords();
  if (error instanceof Problem) {
    return (
      <div className="centre">
        <Trouble error={error} again={reset} />
      </div>
    );
  }
  return (
    <NoPage title={t('problem.crash')} lead={t('problem.crashLead')}>
      <Button onClick={() => location.reload()}>{t('common.tryAgain')}</Button>
    </NoPage>
  );
}

/** In place of a page: why, and where to go on. It is loaded with every first page, and `Result` of antd would bring its
 * pictures. */
function NoPage({ title, lead, children }: { title: string; lead: string; children: ReactNode }) {
  return (
    <div className="centre" role="alert">
      <h1>{title}</h1>
      <p className="quiet">{lead}</p>
      {children}
    </div>
  );
}
