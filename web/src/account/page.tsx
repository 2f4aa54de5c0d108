import { term, useWords } from '../language/wording.ts';
import { useMe } from '../session/session.ts';
import { PageHead } from '../shell/page-head.tsx';
import { PasswordSheet } from './password.tsx';
import { SecondFactorSheet } from './second-factor.tsx';
import { SessionsSheet } from './sessions.tsx';
import './account.css';

/** One's own way in: password, second factor, and where one is signed in. */
export function AccountPage() {
  const { t } = useWords();
  const me = useMe();
  return (
    <>
      <PageHead title={t('account.title')} beside={<span className="quiet">{`${me.name} · ${term('role', me.role)}`}</span>} />
      <SessionsSheet />
      <div className="account-columns">
        <PasswordSheet />
        <SecondFactorSheet />
      </div>
    </>
  );
}
