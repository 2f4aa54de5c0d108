import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App } from 'antd';
import { useCallback } from 'react';
import { editFacts, recordDetail } from '../api/records.ts';
import { term, useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { Problem } from '../problem/problem.ts';
import { splitPath } from './fields.ts';
import type { Seen } from './seen.ts';

/** Writes facts of the record that was looked at; writing a field in conflict settles it. */
export function useWriteFacts({ detail, accept }: Seen, onRefused: () => void) {
  const { id, heads } = detail.line;
  const { t } = useWords();
  const cache = useQueryClient();
  const { message } = App.useApp();
  const notice = useProblemNotice();
  const { mutate, isPending } = useMutation({
    mutationFn: ({ facts }: { facts: Record<string, unknown>; field: string }) => editFacts(id, { facts, seen: heads }),
    onSuccess: (made, { field }) => {
      accept(made);
      message.success(t('record.settled', { field: term('field', splitPath(field).name) }));
      void cache.invalidateQueries({ queryKey: ['records', 'page'] });
    },
    onError: (error) => {
      if (!(error instanceof Problem) || error.code !== 'review.stale') return notice(error);
      onRefused();
      return cache.invalidateQueries({ queryKey: recordDetail(id).queryKey });
    },
  });
  const write = useCallback((facts: Record<string, unknown>, field: string) => mutate({ facts, field }), [mutate]);
  return { write, writing: isPending };
}
