import { Link, type ErrorComponentProps } from '@tanstack/react-router';
import { Button, Result } from 'antd';
import { useWords } from '../language/wording.ts';
import { Problem } from '../problem/problem.ts';
import { Trouble } from '../problem/trouble.tsx';

/** No such address. */
export function MissingPage() {
  const { t } = useWords();
  return (
    <Result
      status="404"
      icon={<span aria-hidden />}
      title={t('problem.notFoundTitle')}
      subTitle={t('problem.notFoundLead')}
      extra={<Link to="/records">{t('problem.toRecords')}</Link>}
    />
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
    <Result
      status="error"
      title={t('problem.crash')}
      subTitle={t('problem.crashLead')}
      extra={<Button onClick={() => location.reload()}>{t('common.tryAgain')}</Button>}
    />
  );
}
