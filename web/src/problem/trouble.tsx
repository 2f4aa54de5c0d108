import { Alert, Button } from 'antd';
import { useWords } from '../language/wording.ts';
import { adviceFor } from './advice.ts';
import { Problem } from './problem.ts';

/** A failure with its title, what to do, and a way to try again. */
export function Trouble({ error, again }: { error: unknown; again?: () => void }) {
  const { t } = useWords();
  const { title, todo } = adviceFor(error);
  return (
    <Alert
      className="trouble"
      type="error"
      showIcon
      role="alert"
      title={title}
      description={
        <>
          <div>{todo}</div>
          <ProblemDetails error={error} />
        </>
      }
      action={
        again && (
          <Button size="small" onClick={again}>
            {t('common.tryAgain')}
          </Button>
        )
      }
    />
  );
}

/** What the server said exactly, for whoever helps. */
export function ProblemDetails({ error }: { error: unknown }) {
  const { t } = useWords();
  if (!(error instanceof Problem)) return null;
  return (
    <>
      {error.detail && <div className="small wrap">{error.detail}</div>}
      {error.requestId && <div className="small quiet">{t('problem.request', { id: error.requestId })}</div>}
    </>
  );
}
