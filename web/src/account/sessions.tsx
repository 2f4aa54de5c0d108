import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Table, type TableColumnType } from 'antd';
import { endSession, sessions, type Session } from '../api/access.ts';
import { term, useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { Fetched } from '../shell/states.tsx';
import { List } from '../words/list.tsx';
import { Moment } from '../words/moment.tsx';

/** Where one is signed in, and a way to end what one does not know. */
export function SessionsSheet() {
  const { t } = useWords();
  const query = useQuery(sessions);
  const cache = useQueryClient();
  const { message } = App.useApp();
  const notice = useProblemNotice();
  const end = useMutation({
    mutationFn: (session: Session) => endSession(session.id),
    onSuccess: () => message.success(t('account.ended')),
    onError: notice,
    onSettled: () => cache.invalidateQueries({ queryKey: sessions.queryKey }),
  });
  const columns: TableColumnType<Session>[] = [
    {
      key: 'client',
      title: t('account.client'),
      width: 220,
      render: (_, session) => (
        <>
          {session.client === 'unknown' ? t('common.unknown') : session.client} {session.current && <span className="mark mark-active">{t('account.current')}</span>}
        </>
      ),
    },
    { key: 'network', title: t('account.network'), width: 90, render: (_, { network }) => term('network', network) },
    { key: 'created', title: t('account.created'), width: 140, render: (_, session) => <Moment at={session.created_at} /> },
    { key: 'seen', title: t('account.seen'), width: 140, render: (_, session) => <Moment at={session.last_seen_at} /> },
    { key: 'expires', title: t('account.expires'), width: 140, render: (_, session) => <Moment at={session.expires_at} /> },
    {
      key: 'actions',
      title: t('common.actions'),
      width: 90,
      render: (_, session) =>
        !session.current && (
          <Button
            size="small"
            danger
            loading={end.isPending && end.variables.id === session.id}
            aria-label={`${t('account.end')}: ${session.client}`}
            onClick={() => end.mutate(session)}
          >
            {t('account.end')}
          </Button>
        ),
    },
  ];
  return (
    <section className="sheet sessions" aria-label={t('account.sessions')}>
      <h2>{t('account.sessions')}</h2>
      <Fetched query={query} rows={3}>
        {(sessions) => (
          <List label={t('account.sessions')}>
            <Table<Session> size="small" rowKey="id" dataSource={sessions} columns={columns} pagination={false} />
          </List>
        )}
      </Fetched>
    </section>
  );
}
