import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App, Button } from 'antd';
import { useState } from 'react';
import { assignAll, decide, type Line } from '../api/records.ts';
import { useWords } from '../language/wording.ts';
import { adviceFor } from '../problem/advice.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { usePowers } from '../session/session.ts';
import { AssignDialog } from '../record/assign-dialog.tsx';
import { approveAll, isClean } from './bulk.ts';

/** What can be done to several records at once. */
export function SelectionActions({ lines, onDone }: { lines: Line[]; onDone: () => void }) {
  const { t } = useWords();
  const powers = usePowers();
  const { modal, message } = App.useApp();
  const cache = useQueryClient();
  const notice = useProblemNotice();
  const [progress, setProgress] = useState<number>();
  const [assigning, setAssigning] = useState(false);
  const clean = lines.filter(isClean);

  const finished = async () => {
    await cache.invalidateQueries({ queryKey: ['records'] });
    onDone();
  };
  const approve = useMutation({
    mutationFn: () =>
      approveAll(clean, (line) => decide(line.id, { state: 'approved', seen: line.heads, only_clean: true }), setProgress),
    onSuccess: async ({ approved, refused }) => {
      if (approved > 0) message.success(t('records.approvedSome', { count: approved }));
      for (const [why, count] of countByTitle(refused)) message.warning(t('records.notApproved', { count, why }), 8);
      await finished();
    },
    onSettled: () => setProgress(undefined),
  });
  const give = useMutation({
    mutationFn: (to: Parameters<typeof assignAll>[1]) => assignAll(lines.map((line) => line.id), to),
    onSuccess: async ({ stayed }) => {
      const moved = lines.length - stayed.length;
      if (stayed.length === 0) message.success(t('record.assigned'));
      else message.warning(t('record.assignedSome', { moved, stayed: stayed.length }), 8);
      setAssigning(false);
      await finished();
    },
    onError: notice,
  });
  const ask = () =>
    modal.confirm({
      title: t('records.approveCleanTitle', { count: clean.length }),
      content: t('records.approveCleanLead'),
      okText: t('record.approve'),
      onOk: () => approve.mutate(),
    });

  return (
    <>
      <span className="quiet" role="status">
        {progress === undefined
          ? t('common.selected', { count: lines.length })
          : t('records.approving', { done: progress, all: clean.length })}
      </span>
      {powers.review && (
        <Button type="primary" disabled={clean.length === 0} loading={approve.isPending} onClick={ask}>
          {t('records.approveClean', { count: clean.length })}
        </Button>
      )}
      {powers.reassign && <Button onClick={() => setAssigning(true)}>{t('records.assign')}</Button>}
      {assigning && <AssignDialog sending={give.isPending} onSend={give.mutate} onClose={() => setAssigning(false)} />}
    </>
  );
}

function countByTitle(refused: unknown[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const error of refused) {
    const { title } = adviceFor(error);
    counts.set(title, (counts.get(title) ?? 0) + 1);
  }
  return counts;
}
