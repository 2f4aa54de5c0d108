import { Alert, Button } from 'antd';
import { useWords } from '../language/wording.ts';
import { HistoryTable } from './history.tsx';
import type { Seen } from './seen.ts';

interface Props {
  seen: Seen;
  /** Whether a decision was refused because of it. */
  refused: boolean;
  onUnderstood?: () => void;
  zone?: string;
}

/** What changed since somebody looked; nothing is decided until they have looked again. */
export function Stale({ seen, refused, onUnderstood, zone }: Props) {
  const { t } = useWords();
  if (!seen.news) return null;
  return (
    <Alert
      className="stale"
      type="warning"
      showIcon
      role="alert"
      title={t('record.stale')}
      description={
        <>
          {refused && <p>{t('record.staleLead')}</p>}
          {seen.news.length === 0 ? (
            <p>{t('record.staleNothing')}</p>
          ) : (
            <HistoryTable lines={seen.news} zone={zone} kind={seen.detail.line.kind} />
          )}
          <Button
            type="primary"
            onClick={() => {
              seen.acknowledge();
              onUnderstood?.();
            }}
          >
            {t('record.understood')}
          </Button>
        </>
      }
    />
  );
}
