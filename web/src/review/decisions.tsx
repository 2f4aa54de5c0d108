import { useQueryClient } from '@tanstack/react-query';
import { App, Button } from 'antd';
import { useCallback, useState } from 'react';
import { decide, recordDetail, type Detail } from '../api/records.ts';
import { useWords } from '../language/wording.ts';
import { adviceFor } from '../problem/advice.ts';
import type { Decision } from '../record/verdict.tsx';
import type { Outcomes } from './queue.ts';

/**
 * Sends decisions while the person goes on. One that is refused is said wherever they are by then, and the record
 * wants a decision again; nothing is ever sent twice.
 */
export function useDecisions(lookAgain: (id: string) => void) {
  const { t } = useWords();
  const cache = useQueryClient();
  const { notification } = App.useApp();
  const [outcomes, setOutcomes] = useState<Outcomes>(new Map());

  const send = useCallback(
    async (seen: Detail, { state, reason }: Decision) => {
      const { id, title, heads } = seen.line;
      const note = (standing: 'sending' | 'taken' | 'refused') =>
        setOutcomes((outcomes) => new Map(outcomes).set(id, { state, standing, seen }));
      note('sending');
      try {
        const decided = await decide(id, { state, reason, seen: heads });
        cache.setQueryData(recordDetail(id).queryKey, decided);
        void cache.invalidateQueries({ queryKey: ['records', 'page'], refetchType: 'none' });
        note('taken');
      } catch (error) {
        // What changed is fetched before anybody is sent to look.
        await cache.invalidateQueries({ queryKey: recordDetail(id).queryKey, refetchType: 'all' });
        note('refused');
        const advice = adviceFor(error);
        notification.error({
          key: id,
          title: `${t('review.notTaken')}: ${title}`,
          description: `${advice.title}. ${advice.todo}`,
          duration: 0,
          role: 'alert',
          actions: (
            <Button
              size="small"
              onClick={() => {
                notification.destroy(id);
                lookAgain(id);
              }}
            >
              {t('review.lookAgain')}
            </Button>
          ),
        });
      }
    },
    [cache, lookAgain, notification, t],
  );
  return { outcomes, send };
}
