import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { App, Button } from 'antd';
import { useState } from 'react';
import { lateTray, makeSupplement, sealedStatement, type Board } from '../api/days.ts';
import { useDirectory } from '../api/directory.ts';
import { number, useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { usePowers } from '../session/session.ts';
import { Fetched } from '../shell/states.tsx';
import { KindMark } from '../words/marks.tsx';
import { Moment } from '../words/moment.tsx';
import { ReasonDialog } from '../words/reason-dialog.tsx';
import { recordsIn } from './board-lines.ts';
import { LONGEST_REASON } from './reasons.ts';

/** What came after the day was closed, and how it is sealed; nothing where nothing is late. */
export function LateTray({ board }: { board: Board }) {
  const { t } = useWords();
  const powers = usePowers();
  const [asking, setAsking] = useState(false);
  const records = recordsIn(board.late);
  if (records + board.late_facts === 0) return null;
  return (
    <section className="sheet late-tray" id="late" aria-label={t('late.title')}>
      <div className="sheet-head">
        <h2>
          {t('late.title')} <span className="quiet">{number(records)}</span>
        </h2>
        {powers.closeDays && (
          <Button type="primary" onClick={() => setAsking(true)}>
            {t('late.supplement')}
          </Button>
        )}
      </div>
      <p className="quiet">{t('late.lead')}</p>
      {board.late_facts > 0 && <p>{t('late.facts', { count: board.late_facts })}</p>}
      <LateRecords board={board} />
      {asking && <SupplementDialog board={board} onClose={() => setAsking(false)} />}
    </section>
  );
}

function LateRecords({ board }: { board: Board }) {
  const directory = useDirectory();
  const query = useQuery(lateTray(board.office, board.day));
  return (
    <Fetched query={query} rows={2}>
      {(lines) => (
        <ul className="late-lines">
          {lines.map((line) => (
            <li key={line.id}>
              <Link to="/records/$id" params={{ id: line.id }} className="row-link">
                {line.title || line.id.slice(-8)}
              </Link>{' '}
              <KindMark kind={line.kind} /> <span className="quiet">{directory.person(line.owner)}</span>{' '}
              <Moment at={line.captured} zone={directory.zone(board.office)} />
            </li>
          ))}
        </ul>
      )}
    </Fetched>
  );
}

function SupplementDialog({ board, onClose }: { board: Board; onClose: () => void }) {
  const { t } = useWords();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const { message } = App.useApp();
  const notice = useProblemNotice();
  const { office, day } = board;
  const make = useMutation({
    mutationFn: (reason: string) => makeSupplement(office, day, reason),
    onSuccess: (sealed) => {
      message.success(t('late.done', { number: sealed.number }));
      cache.setQueryData(sealedStatement(office, day, sealed.number).queryKey, sealed);
      onClose();
      void navigate({
        to: '/offices/$office/days/$day/statements/$number',
        params: { office, day, number: String(sealed.number) },
      });
    },
    onError: notice,
    onSettled: () => cache.invalidateQueries({ queryKey: ['days'] }),
  });
  return (
    <ReasonDialog
      title={t('late.supplementTitle')}
      lead={t('late.supplementLead')}
      hint={t('late.supplementHint')}
      action={t('late.supplement')}
      longest={LONGEST_REASON}
      sending={make.isPending}
      onSend={make.mutate}
      onClose={onClose}
    />
  );
}
