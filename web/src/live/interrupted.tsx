import { useQueryClient } from '@tanstack/react-query';
import { Alert } from 'antd';
import { useEffect, useSyncExternalStore } from 'react';
import { useWords } from '../language/wording.ts';
import { followNews, newsStanding, onNewsStanding } from './news.ts';

/** Keeps all pages up to date, and says so when that is not possible. */
export function LiveNews() {
  const { t } = useWords();
  const cache = useQueryClient();
  useEffect(() => followNews(cache), [cache]);
  const standing = useSyncExternalStore(onNewsStanding, newsStanding);
  return (
    <div className="live" role="status" data-standing={standing}>
      {standing === 'lost' && <Alert banner type="warning" title={t('live.lost')} />}
    </div>
  );
}
