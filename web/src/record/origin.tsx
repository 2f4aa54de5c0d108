import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { App, Button } from 'antd';
import { useState } from 'react';
import { useDirectory } from '../api/directory.ts';
import { assign, type Detail } from '../api/records.ts';
import { DeviceLink } from '../devices/link.tsx';
import { number, percent, useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { usePowers } from '../session/session.ts';
import { Moment } from '../words/moment.tsx';
import { AssignDialog } from './assign-dialog.tsx';

/** Whose the record is now, and where it comes from. */
export function Origin({ detail, zone, onMade }: { detail: Detail; zone?: string; onMade: (detail: Detail) => void }) {
  const { t } = useWords();
  const directory = useDirectory();
  const { line } = detail;
  const { header } = detail.record;
  const label = detail.history.find((change) => change.device === header.device)?.device_label;
  const hours = header.utc_offset_minutes / 60;
  return (
    <section className="sheet" aria-label={t('record.assignment')}>
      <div className="sheet-head">
        <h2>{t('record.assignment')}</h2>
        <Assign detail={detail} onMade={onMade} />
      </div>
      <dl className="facts">
        <dt>{t('people.office')}</dt>
        <dd>
          <Link to="/records" search={{ office: line.office }}>
            {directory.office(line.office)}
          </Link>
        </dd>
        <dt>{t('people.team')}</dt>
        <dd>
          {line.team ? (
            <Link to="/records" search={{ team: line.team }}>
              {directory.team(line.team) ?? line.team}
            </Link>
          ) : (
            t('people.noTeam')
          )}
        </dd>
        <dt>{t('record.capturedBy')}</dt>
        <dd>
          <Link to="/records" search={{ promoter: header.owner }}>
            {directory.person(header.owner) ?? t('common.unknown')}
          </Link>
          {line.owner !== header.owner && (
            <>
              {' → '}
              <Link to="/records" search={{ promoter: line.owner }}>
                {directory.person(line.owner) ?? t('common.unknown')}
              </Link>
            </>
          )}
        </dd>
        {line.project && (
          <>
            <dt>{t('records.column.project')}</dt>
            <dd>{directory.project(line.project)}</dd>
          </>
        )}
        <dt>{t('record.day')}</dt>
        <dd>
          <Link to="/records" search={{ day: line.day, office: line.office }} className="number">
            {line.day}
          </Link>
        </dd>
        <dt>{t('record.capturedAt')}</dt>
        <dd>
          <Moment at={header.captured.wall} zone={zone} />{' '}
          <span className="small quiet">{t('record.offset', { offset: `${hours < 0 ? '−' : '+'}${number(Math.abs(hours))}` })}</span>
        </dd>
        <dt>{t('record.device')}</dt>
        <dd>
          <DeviceLink id={header.device} label={label} /> <span className="small quiet">{header.app}</span>
        </dd>
        {line.completeness != null && (
          <>
            <dt>{t('record.completeness')}</dt>
            <dd className="number">{percent(line.completeness)}</dd>
          </>
        )}
        <dt>{t('record.changes')}</dt>
        <dd className="number">{number(line.changes)}</dd>
      </dl>
    </section>
  );
}

function Assign({ detail, onMade }: { detail: Detail; onMade: (detail: Detail) => void }) {
  const { t } = useWords();
  const powers = usePowers();
  const cache = useQueryClient();
  const { message } = App.useApp();
  const notice = useProblemNotice();
  const [open, setOpen] = useState(false);
  const closed = detail.line.review === 'approved' || detail.line.review === 'rejected';
  const give = useMutation({
    mutationFn: (to: Parameters<typeof assign>[1]) => assign(detail.line.id, to),
    onSuccess: (assigned) => {
      onMade(assigned);
      message.success(t('record.assigned'));
      setOpen(false);
      void cache.invalidateQueries({ queryKey: ['records', 'page'] });
    },
    onError: notice,
  });
  if (!powers.reassign) return null;
  return (
    <>
      <Button size="small" disabled={closed} onClick={() => setOpen(true)}>
        {t('record.assign')}…
      </Button>
      {open && <AssignDialog sending={give.isPending} onSend={give.mutate} onClose={() => setOpen(false)} />}
    </>
  );
}
