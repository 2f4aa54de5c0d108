import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { App, Button, Space } from 'antd';
import { useState } from 'react';
import { lateTray, makeSupplement, sealedStatement, type Board } from '../api/days.ts';
import { exported } from '../api/files.ts';
import { number, useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { usePowers } from '../session/session.ts';
import { ExportButton } from '../words/export.tsx';
import { ReasonDialog } from '../words/reason-dialog.tsx';
import { recordsIn } from './board-lines.ts';
import { LONGEST_REASON } from './reasons.ts';
import { RecordPages } from './record-pages.tsx';

/** What came after the day was closed, and how it is sealed; nothing where nothing is late. */
export function LateTray({ board }: { board: Board }) {
  const { t } = useWords();
  const powers = usePowers();
  const { late_of: madeBy } = useSearch({ from: '/inside/offices/$office/days/$day' });
  const [asking, setAsking] = useState(false);
  const records = recordsIn(board.late);
  if (records + board.late_facts === 0) return null;
  return (
    <section className="sheet late-tray" id="late" aria-label={t('late.title')}>
      <div className="sheet-head">
        <h2>
          {t('late.title')} <span className="quiet">{number(records)}</span>
        </h2>
        <Space>
          {powers.closeDays && (
            <Button type="primary" onClick={() => setAsking(true)}>
              {t('late.supplement')}
            </Button>
          )}
          <ExportButton
            name={`${t('late.title')} ${board.name} ${board.day}`}
            list={exported('/api/v1/offices/{office}/days/{day}/late/export', {
              path: { office: board.office, day: board.day },
              query: { made_by: madeBy },
            })}
          />
        </Space>
      </div>
      <p className="quiet">{t('late.lead')}</p>
      {board.late_facts > 0 && <p>{t('late.facts', { count: board.late_facts })}</p>}
      {madeBy && <OnlyOf person={madeBy} board={board} />}
      <LateRecords board={board} madeBy={madeBy} />
      {asking && <SupplementDialog board={board} onClose={() => setAsking(false)} />}
    </section>
  );
}

function LateRecords({ board: { office, day }, madeBy }: { board: Board; madeBy?: string }) {
  return <RecordPages query={useInfiniteQuery(lateTray(office, day, madeBy))} office={office} />;
}

/** Says whose records alone are listed, which a number of the board has chosen, and leads to all. */
function OnlyOf({ person, board: { office, day, people } }: { person: string; board: Board }) {
  const { t } = useWords();
  const name = people.find((line) => line.person === person)?.name ?? t('common.unknown');
  return (
    <p>
      {t('records.filter.madeBy', { name })}{' '}
      <Link
        to="/offices/$office/days/$day"
        params={{ office, day }}
        search={(search) => ({ ...search, late_of: undefined })}
        hash="late"
      >
        {t('late.all')}
      </Link>
    </p>
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
    // The board goes on while somebody writes the reason, and the dialog says what is on it.
    mutationFn: (reason: string) => makeSupplement(office, day, reason, board.late_mark),
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
      contents={t('late.contents', { records: number(recordsIn(board.late)), facts: number(board.late_facts) })}
      hint={t('late.supplementHint')}
      action={t('late.supplement')}
      longest={LONGEST_REASON}
      sending={make.isPending}
      onSend={make.mutate}
      onClose={onClose}
    />
  );
}
