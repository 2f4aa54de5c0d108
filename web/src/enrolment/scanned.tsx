import { Alert } from 'antd';
import { useEffect } from 'react';
import { useWords } from '../language/wording.ts';
import { codeIn } from './invitation.ts';

/** For whoever scanned an invitation with the camera and not with the app: what to do with it. */
export function ScannedPage() {
  const { t } = useWords();
  const code = codeIn(location.hash);
  useEffect(() => {
    document.title = `${t('enrol.scannedTitle')} · Daybook`;
  }, [t]);
  return (
    <main className="centre">
      <div className="sheet trouble">
        <h1>{t('enrol.scannedTitle')}</h1>
        {code ? (
          <>
            <p>{t('enrol.scannedLead')}</p>
            <p className="identifier">{location.origin}</p>
            <p className="identifier">{code}</p>
          </>
        ) : (
          <Alert type="warning" showIcon title={t('enrol.scannedNothing')} />
        )}
      </div>
    </main>
  );
}
