import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Button, type TableColumnType } from 'antd';
import { useMemo } from 'react';
import type { Body } from '../api/client.ts';
import { exported } from '../api/files.ts';
import { nameOf } from '../api/records.ts';
import { amendmentList } from '../api/set-aside.ts';
import { DeviceLink } from '../devices/link.tsx';
import { number, useWords } from '../language/wording.ts';
import { PageHead } from '../shell/page-head.tsx';
import { Fetched } from '../shell/states.tsx';
import { ExportButton } from '../words/export.tsx';
import { More } from '../words/more.tsx';
import { Moment } from '../words/moment.tsx';
import { Lines } from '../words/lines.tsx';
import { List } from '../words/list.tsx';

type Held = Body['HeldBody'];

const keyOf = ({ record, device }: Held): string => `${record} ${device}`;

export function AmendmentsPage() {
  const { t } = useWords();
  const query = useInfiniteQuery(amendmentList);
  const columns = useMemo(
    (): TableColumnType<Held>[] => [
      {
        key: 'record',
        title: t('common.record'),
        width: 420,
        render: (_, held) => (
          <Link
            to="/amendments/$record/$device"
            params={{ record: held.record, device: held.device }}
            className="row-link"
          >
            {nameOf({ id: held.record, title: held.title })}
          </Link>
        ),
      },
      { key: 'who', title: t('common.who'), width: 140, render: (_, held) => held.person_name },
      {
        key: 'device',
        title: t('common.device'),
        width: 180,
        render: (_, held) => <DeviceLink id={held.device} label={held.device_label} />,
      },
      {
        key: 'held',
        title: t('amendments.held'),
        width: 90,
        align: 'right',
        render: (_, held) => (
          <Link to="/amendments/$record/$device" params={{ record: held.record, device: held.device }}>
            {number(held.held)}
          </Link>
        ),
      },
      { key: 'since', title: t('common.since'), width: 150, render: (_, held) => <Moment at={held.since} /> },
    ],
    [t],
  );
  return (
    <>
      <PageHead
        title={t('amendments.title')}
        end={
          <>
            <ExportButton name={t('amendments.title')} list={exported('/api/v1/amendments/export', { query: {} })} />
            <Button onClick={() => void query.refetch()} loading={query.isFetching}>
              {t('common.refresh')}
            </Button>
          </>
        }
      />
      <p className="page-lead">{t('amendments.lead')}</p>
      <Fetched query={query}>
        {(held) => (
          <List label={t('amendments.title')}>
            <Lines
              rowKey={keyOf}
              lines={held}
              columns={columns}
              empty={t('amendments.empty')}
              hint={t('amendments.emptyHint')}
            />
            <More query={query} />
          </List>
        )}
      </Fetched>
    </>
  );
}
