import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App, Button } from 'antd';
import { useState } from 'react';
import { noteArrival } from '../api/arrivals.ts';
import { recordDetail, type Detail } from '../api/records.ts';
import { term, useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { usePowers } from '../session/session.ts';
import { Moment } from '../words/moment.tsx';
import { ArrivalDialog } from './arrival-dialog.tsx';

interface Props {
  detail: Detail;
  zone?: string;
  onMade: (detail: Detail) => void;
}

/** Whether the customer of a lead has come to the sales site, and who receives them. */
export function Arrival({ detail, zone, onMade }: Props) {
  const { t } = useWords();
  const powers = usePowers();
  const cache = useQueryClient();
  const { message } = App.useApp();
  const notice = useProblemNotice();
  const [noting, setNoting] = useState(false);
  const { line } = detail;
  const { arrived_at: at, consultant, confirmation_slip: slip } = detail.record.office;
  const closed = line.review === 'approved' || line.review === 'rejected';
  const note = useMutation({
    mutationFn: (arrival: Parameters<typeof noteArrival>[1]) => noteArrival(line.id, arrival),
    onSuccess: (made) => {
      const name = made.record.office.consultant;
      message.success(name ? t('arrival.done', { name: String(name) }) : t('arrival.doneNobody'));
      setNoting(false);
      onMade(made);
      void cache.invalidateQueries({ queryKey: ['records', 'page'] });
      void cache.invalidateQueries({ queryKey: ['days'] });
    },
    onError: (error) => {
      notice(error);
      return cache.invalidateQueries({ queryKey: recordDetail(line.id).queryKey });
    },
  });
  const isLead = line.kind === 'lead';
  // The office's part is the same for all kinds; only customers of leads arrive, but what is written is shown.
  if (!isLead && at == null && consultant == null && slip == null) return null;
  return (
    <section className="sheet" id="arrival" aria-label={t('arrival.title')}>
      <div className="sheet-head">
        <h2>{t('arrival.title')}</h2>
        {isLead && at == null && powers.receive && (
          <Button size="small" disabled={closed} onClick={() => setNoting(true)}>
            {t('arrival.note')}…
          </Button>
        )}
      </div>
      <dl className="facts">
        <dt>{term('field', 'arrived_at')}</dt>
        <dd>{typeof at === 'number' ? <Moment at={at} zone={zone} /> : <span className="none">{t('arrival.none')}</span>}</dd>
        <dt>{term('field', 'consultant')}</dt>
        <dd>{consultant ?? <span className="none">{t('common.none')}</span>}</dd>
        {slip != null && (
          <>
            <dt>{term('field', 'confirmation_slip')}</dt>
            <dd>{slip}</dd>
          </>
        )}
      </dl>
      {noting && at == null && (
        <ArrivalDialog
          line={line}
          zone={zone}
          sending={note.isPending}
          onSend={note.mutate}
          onClose={() => setNoting(false)}
        />
      )}
    </section>
  );
}
