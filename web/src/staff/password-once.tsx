import { Alert, Typography } from 'antd';
import { useWords } from '../language/wording.ts';

/** A password that was made just now; nobody can show it again. */
export function PasswordOnce({ name, login, password }: { name: string; login?: string; password: string }) {
  const { t } = useWords();
  return (
    <div role="status">
      <p>{t('people.passwordMade', { name })}</p>
      <dl className="facts">
        {login !== undefined && (
          <>
            <dt>{t('people.login')}</dt>
            <dd className="identifier">{login}</dd>
          </>
        )}
        <dt>{t('account.password')}</dt>
        <dd>
          <Typography.Text code copyable={{ text: password, tooltips: [t('common.copy'), t('common.copied')] }}>
            {password}
          </Typography.Text>
        </dd>
      </dl>
      <Alert type="warning" showIcon title={t('people.passwordOnce')} />
    </div>
  );
}
