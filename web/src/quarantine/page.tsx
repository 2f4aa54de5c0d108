import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { App, Button, Space } from 'antd';
import { useState } from 'react';
import type { Body } from '../api/client.ts';
import { useDirectory } from '../api/directory.ts';
import { discard, replay, setAside } from '../api/set-aside.ts';
import { DeviceLink } from '../devices/link.tsx';
import { number, term, useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { HistoryTable } from '../record/history.tsx';
import { usePowers } from '../session/session.ts';
import { PageHead } from '../shell/page-head.tsx';
import { Fetched } from '../shell/states.tsx';
import { Moment } from '../words/moment.tsx';
import { ReasonDialog } from '../words/reason-dialog.tsx';
import { RecordLink } from '../words/record-link.tsx';
import { dump } from './bytes.ts';
import { SetAsideMark, Why } from './why.tsx';
import './quarantine.css';

type Inspected = Body['InspectedBody'];

export function SetAsidePage() {
  const { id } = useParams({ from: '/inside/quarantine/$id' });
  const query = useQuery(setAside(Number(id)));
  return <Fetched query={query}>{(change) => <Change change={change} />}</Fetched>;
}

/** One change that was set aside, with everything that is known about it. */
function Change({ change }: { change: Inspected }) {
  const { t } = useWords();
  const powers = usePowers();
  const directory = useDirectory();
  const cache = useQueryClient();
  const { message } = App.useApp();
  const notice = useProblemNotice();
  const [discarding, setDiscarding] = useState(false);

  const decided = async (change: Inspected) => {
    cache.setQueryData(setAside(change.id).queryKey, change);
    await cache.invalidateQueries({ queryKey: ['quarantine', 'list'] });
    await cache.invalidateQueries({ queryKey: ['records'] });
  };
  const onError = async (error: Error) => {
    notice(error);
    await cache.invalidateQueries({ queryKey: ['quarantine'] });
  };
  const again = useMutation({
    mutationFn: () => replay(change.id),
    onSuccess: async (change) => {
      message.info(t('quarantine.replayed', { state: term('setAside', change.state) }));
      await decided(change);
    },
    onError,
  });
  const away = useMutation({
    mutationFn: (reason: string) => discard(change.id, reason),
    onSuccess: async (change) => {
      setDiscarding(false);
      message.success(t('quarantine.discarded'));
      await decided(change);
    },
    onError,
  });

  // The server gives authors by what it knows of the change; each line is of the same person and phone.
  const lines = change.fields.map((line) => ({
    ...line,
    person: change.person,
    person_name: change.person_name,
    device: change.device,
    n: change.n,
    received_at: change.received_at,
  }));
  return (
    <>
      <PageHead
        title={`${t('quarantine.change')} ${change.change.slice(0, 12)}`}
        beside={
          <span className="marks">
            <SetAsideMark state={change.state} />
            {change.overdue && <span className="mark mark-held">{t('quarantine.overdue')}</span>}
          </span>
        }
        end={
          powers.decideQuarantine &&
          change.state === 'quarantined' && (
            <Space>
              <Button type="primary" loading={again.isPending} onClick={() => again.mutate()}>
                {t('quarantine.replay')}
              </Button>
              <Button danger disabled={again.isPending} onClick={() => setDiscarding(true)}>
                {t('quarantine.discard')}
              </Button>
            </Space>
          )
        }
      />
      <p className="page-lead">
        <Link to="/quarantine">{t('quarantine.back')}</Link>
        {change.state === 'held' && change.device && (
          <>
            {' · '}
            <Link to="/amendments/$record/$device" params={{ record: change.record, device: change.device }}>
              {t('amendments.title')}
            </Link>
          </>
        )}
      </p>
      <section className="sheet">
        <dl className="facts">
          <dt>{t('quarantine.code')}</dt>
          <dd>
            <Why code={change.code} reason={change.reason} />
          </dd>
          <dt>{t('common.record')}</dt>
          <dd>
            <RecordLink id={change.record} />
          </dd>
          <dt>{t('common.who')}</dt>
          <dd>{change.person_name}</dd>
          <dt>{t('common.device')}</dt>
          <dd>{change.device ? <DeviceLink id={change.device} label={change.device_label} /> : t('common.console')}</dd>
          {change.n != null && (
            <>
              <dt>{t('quarantine.line')}</dt>
              <dd className="number">{number(change.n)}</dd>
            </>
          )}
          <dt>{t('quarantine.received')}</dt>
          <dd>
            <Moment at={change.received_at} />
          </dd>
          {change.decision && (
            <>
              <dt>{t('quarantine.lastDecision')}</dt>
              <dd>
                {term('act', change.decision.act)} · <Moment at={change.decision.at} /> ·{' '}
                {change.decision.by ? (directory.person(change.decision.by) ?? t('common.unknown')) : t('quarantine.atServer')}
                {change.decision.reason && <div className="prose">{change.decision.reason}</div>}
              </dd>
            </>
          )}
        </dl>
      </section>
      {change.missing.length > 0 && (
        <section className="sheet">
          <h2>{t('quarantine.misses')}</h2>
          <ul className="keys">
            {change.missing.map((missing) => (
              <li key={missing.change}>
                <span className="identifier">{missing.change}</span> {missing.state && <SetAsideMark state={missing.state} />}
              </li>
            ))}
          </ul>
        </section>
      )}
      <section className="sheet">
        <h2>{t('quarantine.wouldDo')}</h2>
        {lines.length > 0 ? <HistoryTable lines={lines} /> : <p className="none">{t('quarantine.unreadable')}</p>}
      </section>
      <section className="sheet">
        <h2>
          {t('quarantine.raw')} <span className="quiet small">{t('common.bytes', { count: change.bytes })}</span>
        </h2>
        {change.raw ? (
          <pre className="bytes" tabIndex={0} aria-label={t('quarantine.raw')}>
            {dump(change.raw)}
          </pre>
        ) : (
          <p className="none">{t('quarantine.noRaw')}</p>
        )}
      </section>
      {discarding && (
        <ReasonDialog
          title={t('quarantine.discardTitle')}
          lead={t('quarantine.discardLead')}
          hint={t('common.reasonKept')}
          action={t('quarantine.discard')}
          danger
          sending={away.isPending}
          onSend={away.mutate}
          onClose={() => setDiscarding(false)}
        />
      )}
    </>
  );
}
