import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Button, Segmented, type TableColumnType } from 'antd';
import { useMemo } from 'react';
import type { Body } from '../api/client.ts';
import { deviceLabels } from '../api/directory.ts';
import { exported } from '../api/files.ts';
import { quarantineCodes, quarantineList } from '../api/set-aside.ts';
import { DeviceLink } from '../devices/link.tsx';
import { number, term, useWords } from '../language/wording.ts';
import { Choice } from '../records/filters.tsx';
import { PageHead } from '../shell/page-head.tsx';
import { Fetched, Lacking } from '../shell/states.tsx';
import { ExportButton } from '../words/export.tsx';
import { More } from '../words/more.tsx';
import { Moment } from '../words/moment.tsx';
import { Lines } from '../words/lines.tsx';
import { List } from '../words/list.tsx';
import { LISTED, offered } from './search.ts';
import { reasonOf, Why } from './why.tsx';

type Listed = Body['ListedBody'];

const NONE: ReadonlyMap<string, string> = new Map();

export function QuarantinePage() {
  const { t } = useWords();
  const filter = useSearch({ from: '/inside/quarantine' });
  const navigate = useNavigate({ from: '/quarantine' });
  const query = useInfiniteQuery(quarantineList(filter));
  const phones = useQuery(deviceLabels).data ?? NONE;
  const state = filter.state ?? 'quarantined';
  const counted = useQuery(quarantineCodes(filter));
  const codes = offered(counted.data ?? [], filter.code);
  const columns = useMemo(
    (): TableColumnType<Listed>[] => [
      {
        key: 'why',
        title: t('quarantine.code'),
        width: 320,
        render: (_, item) => (
          <Link to="/quarantine/$id" params={{ id: String(item.id) }} className="row-link">
            <Why code={item.code} reason={item.reason} />
          </Link>
        ),
      },
      { key: 'who', title: t('common.who'), width: 120, render: (_, item) => item.person_name },
      {
        key: 'device',
        title: t('common.device'),
        width: 170,
        render: (_, item) =>
          item.device ? <DeviceLink id={item.device} label={item.device_label} /> : t('common.console'),
      },
      {
        key: 'received',
        title: t('quarantine.received'),
        width: 150,
        render: (_, item) => (
          <>
            <Moment at={item.received_at} />
            {item.overdue && (
              <div>
                <span className="mark mark-held">{t('quarantine.overdue')}</span>
              </div>
            )}
          </>
        ),
      },
      {
        key: 'size',
        title: t('quarantine.size'),
        width: 110,
        align: 'right',
        render: (_, item) => t('common.bytes', { count: item.bytes }),
      },
      {
        key: 'misses',
        title: t('quarantine.misses'),
        width: 100,
        align: 'right',
        render: (_, item) =>
          item.missing.length > 0 && (
            <Link to="/quarantine/$id" params={{ id: String(item.id) }}>
              {number(item.missing.length)}
            </Link>
          ),
      },
    ],
    [t],
  );
  return (
    <>
      <PageHead
        title={t('quarantine.title')}
        beside={
          <Segmented
            aria-label={t('quarantine.state')}
            value={state}
            options={LISTED.map((value) => ({ value, label: term('setAside', value) }))}
            onChange={(state) => void navigate({ search: { ...filter, state, code: undefined } })}
          />
        }
        end={
          <>
            <ExportButton
              name={t('quarantine.title')}
              list={exported('/api/v1/quarantine/export', { query: filter })}
            />
            <Button onClick={() => void query.refetch()} loading={query.isFetching}>
              {t('common.refresh')}
            </Button>
          </>
        }
      />
      <p className="page-lead">{t('quarantine.lead')}</p>
      <div className="filters">
        <Choice
          label={t('quarantine.anyDevice')}
          value={filter.device}
          options={[...phones].map(([value, label]) => ({ value, label }))}
          onChange={(device) => void navigate({ search: { ...filter, device } })}
          wide
        />
        <Choice
          label={t('quarantine.anyCode')}
          value={filter.code}
          options={codes.map(({ code, changes }) => ({ value: code, label: `${reasonOf(code)} (${number(changes)})` }))}
          onChange={(code) => void navigate({ search: { ...filter, code } })}
          wide
        />
        <Lacking what={t('quarantine.codes')} queries={[counted]} />
      </div>
      <Fetched query={query}>
        {(items) => (
          <List label={t('quarantine.title')}>
            <Lines
              rowKey="id"
              lines={items}
              columns={columns}
              empty={t('quarantine.empty')}
              hint={t('quarantine.emptyHint')}
            />
            <More query={query} />
          </List>
        )}
      </Fetched>
    </>
  );
}
