import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { Alert, App, Button, Input, Modal, Space, Table, type TableColumnType } from 'antd';
import { useState } from 'react';
import type { Body } from '../api/client.ts';
import { nameOf } from '../api/records.ts';
import { acceptAmendment, amendment, rejectAmendment } from '../api/set-aside.ts';
import { DeviceLink } from '../devices/link.tsx';
import { term, useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { Problem } from '../problem/problem.ts';
import { Trouble } from '../problem/trouble.tsx';
import { Act } from '../record/act.tsx';
import { FieldName } from '../record/field-name.tsx';
import { sortOf } from '../record/fields.ts';
import { mayDecideAmendment } from '../session/powers.ts';
import { useMe } from '../session/session.ts';
import { PageHead } from '../shell/page-head.tsx';
import { Fetched } from '../shell/states.tsx';
import { ReviewMark } from '../words/marks.tsx';
import { Moment } from '../words/moment.tsx';
import { ReasonDialog } from '../words/reason-dialog.tsx';
import { Value } from '../words/value.tsx';
import { SetAsideMark, Why } from '../quarantine/why.tsx';

type Amendment = Body['AmendmentBody'];
type Change = Amendment['changes'][number];
type Field = Body['AmendedFieldBody'];

export function AmendmentPage() {
  const { record, device } = useParams({ from: '/inside/amendments/$record/$device' });
  const query = useQuery(amendment(record, device));
  // Somebody else may have decided about it while it was looked at.
  const gone = query.error instanceof Problem && !query.error.passes ? query.error : undefined;
  return (
    <Fetched query={gone && query.data ? { ...query, error: null } : query}>
      {(amendment) => <Comparison amendment={amendment} gone={gone} />}
    </Fetched>
  );
}

/** The record as it reads now beside the record as it would read. */
function Comparison({ amendment, gone }: { amendment: Amendment; gone?: Problem }) {
  const { t } = useWords();
  const me = useMe();
  const decision = useDecision(amendment);
  const overtaken = decision.isIdle || decision.isError ? gone : undefined;
  const [asking, setAsking] = useState<Asking>();
  const [reason, setReason] = useState('');
  const mayDecide = mayDecideAmendment(me.role, amendment.review) && amendment.changes.length > 0 && !overtaken;
  const fields = amendment.fields;
  const title = nameOf({ id: amendment.record, title: amendment.title });
  // More may come while somebody writes why: what was on the page when they pressed the button is what they decide about.
  const ask = (act: Asking['act'], through?: string) =>
    setAsking({ act, through, seen: amendment.changes.map(({ change }) => change) });

  const fieldColumns: TableColumnType<Field>[] = [
    {
      key: 'field',
      title: t('record.fieldColumn'),
      width: 180,
      render: (_, field) => (field.field ? <FieldName path={field.field} /> : term('zone', field.zone)),
    },
    {
      key: 'now',
      title: t('amendments.now'),
      render: (_, field) => <Value value={field.old} sort={sortOf(field.zone, field.field)} />,
    },
    {
      key: 'after',
      title: t('amendments.after'),
      className: 'after',
      render: (_, field) =>
        field.field === '' ? <Act line={field} /> : <Value value={field.new} sort={sortOf(field.zone, field.field)} />,
    },
    {
      key: 'who',
      title: t('record.writtenAt'),
      width: 150,
      render: (_, field) => <Moment at={field.at} />,
    },
  ];
  const changeColumns: TableColumnType<Change>[] = [
    { key: 'state', title: t('quarantine.state'), width: 100, render: (_, change) => <SetAsideMark state={change.state} /> },
    { key: 'why', title: t('quarantine.code'), render: (_, change) => <Why code={change.code} reason={change.reason} /> },
    { key: 'who', title: t('common.who'), width: 120, render: (_, change) => change.person_name },
    { key: 'received', title: t('quarantine.received'), width: 150, render: (_, change) => <Moment at={change.received_at} /> },
    {
      key: 'act',
      title: t('common.actions'),
      width: 150,
      render: (_, change) =>
        mayDecide &&
        amendment.changes.length > 1 && (
          <Button size="small" onClick={() => ask('accept', change.change)}>
            {t('amendments.acceptUpTo')}
          </Button>
        ),
    },
  ];

  return (
    <>
      <PageHead
        title={`${t('amendments.title')}: ${title}`}
        beside={amendment.review && <ReviewMark state={amendment.review} />}
        end={
          mayDecide && (
            <Space>
              <Button type="primary" loading={decision.isPending} onClick={() => ask('accept')}>
                {t('amendments.accept')}
              </Button>
              <Button danger disabled={decision.isPending} onClick={() => ask('reject')}>
                {t('amendments.reject')}
              </Button>
            </Space>
          )
        }
      />
      <p className="page-lead">
        <Link to="/amendments">{t('amendments.back')}</Link>
        {' · '}
        {amendment.review ? (
          <Link to="/records/$id" params={{ id: amendment.record }}>
            {t('records.openRecord', { title })}
          </Link>
        ) : (
          t('amendments.unpublished')
        )}
        {' · '}
        <DeviceLink id={amendment.device} label={amendment.changes[0]?.device_label} />
      </p>
      {overtaken && <Trouble error={overtaken} />}
      {amendment.unfit.length > 0 && (
        <Alert className="noted" type="warning" showIcon title={t('amendments.unfit', { count: amendment.unfit.length })} />
      )}
      <section className="sheet" aria-label={t('amendments.compare')}>
        <h2>{t('amendments.compare')}</h2>
        <Table<Field>
          size="small"
          rowKey={(field) => `${field.change} ${field.zone} ${field.field} ${field.entry?.id ?? ''}`}
          dataSource={fields}
          columns={fieldColumns}
          pagination={false}
          locale={{ emptyText: t('amendments.noFields') }}
        />
      </section>
      <section className="sheet" aria-label={t('amendments.changes')}>
        <h2>{t('amendments.changes')}</h2>
        <Table<Change>
          size="small"
          rowKey="id"
          dataSource={amendment.changes}
          columns={changeColumns}
          pagination={false}
        />
      </section>
      {asking?.act === 'reject' && (
        <ReasonDialog
          title={t('amendments.rejectTitle')}
          hint={t('common.reasonHint')}
          action={t('amendments.reject')}
          danger
          onClose={() => setAsking(undefined)}
          onSend={(reason) => {
            setAsking(undefined);
            decision.mutate({ ...asking, reason });
          }}
        />
      )}
      {asking?.act === 'accept' && (
        <Modal
          open
          title={t('amendments.acceptTitle')}
          okText={t('amendments.accept')}
          onCancel={() => setAsking(undefined)}
          onOk={() => {
            setAsking(undefined);
            decision.mutate({ ...asking, reason: reason.trim() || undefined });
          }}
        >
          <p>{t('amendments.acceptLead')}</p>
          <Input.TextArea
            rows={2}
            maxLength={2000}
            aria-label={t('amendments.optionalReason')}
            placeholder={t('amendments.optionalReason')}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </Modal>
      )}
    </>
  );
}

/** What somebody is about to decide, and which changes they see. */
interface Asking {
  act: 'accept' | 'reject';
  through?: string;
  seen: string[];
}

type Decision = Asking & { reason?: string };

function useDecision({ record, device }: Amendment) {
  const { t } = useWords();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const { message } = App.useApp();
  const notice = useProblemNotice();
  const again = () =>
    Promise.all([
      cache.invalidateQueries({ queryKey: ['amendments'] }),
      cache.invalidateQueries({ queryKey: ['quarantine'] }),
      cache.invalidateQueries({ queryKey: ['records'] }),
    ]);
  return useMutation({
    mutationFn: ({ act, reason, through, seen }: Decision) =>
      act === 'accept'
        ? acceptAmendment(record, device, { reason, through, seen })
        : rejectAmendment(record, device, { reason, seen }),
    onSuccess: async (outcome, { act }) => {
      const published = outcome.changes.filter((change) => change.state === 'published').length;
      const others = outcome.changes.length - published;
      if (act === 'reject') message.success(t('amendments.rejected'));
      else if (others === 0) message.success(t('amendments.accepted', { published }));
      else message.warning(t('amendments.acceptedSome', { published, others }), 8);
      await navigate({ to: '/amendments' });
      await again();
    },
    onError: async (error) => {
      notice(error);
      await again();
    },
  });
}
