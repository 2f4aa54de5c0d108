import { queryOptions, skipToken, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button } from 'antd';
import { useCallback } from 'react';
import { decide, recordDetail, type Detail } from '../api/records.ts';
import { useWords } from '../language/wording.ts';
import { adviceFor } from '../problem/advice.ts';
import type { Decision } from '../record/verdict.tsx';
import type { Outcome, Outcomes } from './queue.ts';

const NONE: Outcomes = new Map();

/** What was decided in this sitting. It lies beside the queue, which is left for a record's page and come back to. */
const decided = queryOptions<Outcomes>({
  queryKey: ['review', 'outcomes'],
  queryFn: skipToken,
  initialData: NONE,
  staleTime: Infinity,
  gcTime: Infinity,
  // Maps are compared as wholes.
  structuralSharing: false,
});

/**
 * Sends decisions while the person goes on. One that is refused is said wherever they are by then, and the record
 * wants a decision again; nothing is ever sent twice.
 */
export function useDecisions(lookAgain: (id: string) => void) {
  const { t } = useWords();
  const cache = useQueryClient();
  const { notification } = App.useApp();
  const outcomes = useQuery(decided).data ?? NONE;

  const send = useCallback(
    async (seen: Detail, { state, reason }: Decision) => {
      const { id, title, heads } = seen.line;
      const note = (outcome: Outcome) =>
        cache.setQueryData(decided.queryKey, (outcomes: Outcomes = NONE) => new Map(outcomes).set(id, outcome));
      note({ state, standing: 'sending', seen });
      try {
        const made = await decide(id, { state, reason, seen: heads });
        cache.setQueryData(recordDetail(id).queryKey, made);
        void cache.invalidateQueries({ queryKey: ['records', 'page'], refetchType: 'none' });
        note({ state, standing: 'taken', at: made.line.updated_at });
      } catch (error) {
        // What changed is fetched before anybody is sent to look.
        await cache.invalidateQueries({ queryKey: recordDetail(id).queryKey, refetchType: 'all' });
        note({ state, standing: 'refused', seen });
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
