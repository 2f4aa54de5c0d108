import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App } from 'antd';
import { useCallback } from 'react';
import { editFacts, type Detail } from '../api/records.ts';
import { term, useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { splitPath } from './fields.ts';

/** Writes facts of a record; writing a field in conflict settles it. */
export function useWriteFacts(id: string, onWritten: (detail: Detail) => void) {
  const { t } = useWords();
  const cache = useQueryClient();
  const { message } = App.useApp();
  const notice = useProblemNotice();
  const { mutate, isPending } = useMutation({
    mutationFn: ({ facts }: { facts: Record<string, unknown>; field: string }) => editFacts(id, facts),
    onSuccess: (detail, { field }) => {
      onWritten(detail);
      message.success(t('record.settled', { field: term('field', splitPath(field).name) }));
      void cache.invalidateQueries({ queryKey: ['records', 'page'] });
    },
    onError: notice,
  });
  const write = useCallback((facts: Record<string, unknown>, field: string) => mutate({ facts, field }), [mutate]);
  return { write, writing: isPending };
}
