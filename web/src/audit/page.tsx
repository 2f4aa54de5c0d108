import { DownloadOutlined } from '@ant-design/icons';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { App, Button, DatePicker, Table, type TableColumnType } from 'antd';
import dayjs from 'dayjs';
import { useState, type ReactNode } from 'react';
import { trail, verification, type TrailEntry } from '../api/audit.ts';
import { useDirectory } from '../api/directory.ts';
import { exportTrail } from '../api/files.ts';
import { dayIn } from '../days/business-day.ts';
import { number, term, useWords } from '../language/wording.ts';
import { Choice } from '../records/filters.tsx';
import { PageHead } from '../shell/page-head.tsx';
import { Fetched, Nothing } from '../shell/states.tsx';
import { FileDialog } from '../words/file-dialog.tsx';
import { List } from '../words/list.tsx';
import { Moment } from '../words/moment.tsx';
import { More } from '../words/more.tsx';
import { readAuditSearch, trailFilter, type AuditSearch } from './search.ts';
import { Verification } from './verification.tsx';
import { detailText, recordOf } from './words.ts';
import './audit.css';

/** Who did what from where, newest first, and whether anybody has tampered with that. */
export function AuditPage() {
  const { t } = useWords();
  const search = useSearch({ from: '/inside/audit' });
  const navigate = useNavigate({ from: '/audit' });
  const directory = useDirectory();
  const query = useInfiniteQuery(trail(trailFilter(search, directory.zone(undefined))));
  const check = useQuery(verification);
  const show = (change: Partial<AuditSearch>) => void navigate({ search: readAuditSearch({ ...search, ...change }) });
  const entries = query.data?.pages.flatMap((page) => page.items) ?? [];
  const day = (text: string | undefined) => (text ? dayjs(text) : null);
  return (
    <>
      <PageHead
        title={t('audit.title')}
        end={
          <>
            <Button onClick={() => void check.refetch()} loading={check.isFetching}>
              {t('audit.verify')}
            </Button>
            <ExportButton />
            <Button onClick={() => void query.refetch()} loading={query.isRefetching}>
              {t('common.refresh')}
            </Button>
          </>
        }
      />
      <p className="page-lead">{t('audit.lead')}</p>
      <Verification check={check} />
      <div className="filters" role="search">
        <Choice
          label={t('audit.person')}
          value={search.person}
          options={directory.people.map(({ id, name }) => ({ value: id, label: name }))}
          onChange={(person) => show({ person })}
          wide
        />
        <DatePicker.RangePicker
          aria-label={t('audit.days')}
          placeholder={[t('audit.from'), t('audit.to')]}
          value={[day(search.from), day(search.to)]}
          allowEmpty={[true, true]}
          onChange={(days) => show({ from: days?.[0]?.format('YYYY-MM-DD'), to: days?.[1]?.format('YYYY-MM-DD') })}
        />
        {Object.keys(search).length > 0 && (
          <Button type="link" onClick={() => void navigate({ search: {} })}>
            {t('records.reset')}
          </Button>
        )}
      </div>
      <Fetched query={query} rows={12}>
        {() => <Entries entries={entries} more={<More query={query} />} />}
      </Fetched>
    </>
  );
}

function Entries({ entries, more }: { entries: TrailEntry[]; more: ReactNode }) {
  const { t } = useWords();
  const directory = useDirectory();
  const columns: TableColumnType<TrailEntry>[] = [
    { key: 'no', title: t('audit.no'), width: 80, align: 'right', render: (_, entry) => <span className="number">{number(entry.no)}</span> },
    { key: 'at', title: t('audit.at'), width: 150, render: (_, entry) => <Moment at={entry.at} /> },
    {
      key: 'who',
      title: t('common.who'),
      width: 130,
      render: (_, entry) => (entry.person ? (directory.person(entry.person) ?? <span className="identifier">{entry.person}</span>) : t('audit.machine')),
    },
    { key: 'origin', title: t('audit.origin'), width: 130, render: (_, entry) => <span className="identifier">{entry.origin}</span> },
    { key: 'act', title: t('audit.act'), width: 170, render: (_, entry) => <Act entry={entry} /> },
    {
      key: 'detail',
      title: t('audit.detail'),
      render: (_, entry) => <div className="wrap audit-detail">{detailText(entry.detail)}</div>,
    },
  ];
  return (
    <List label={t('audit.title')}>
      <Table<TrailEntry>
        className="audit"
        size="small"
        rowKey="no"
        dataSource={entries}
        columns={columns}
        pagination={false}
        locale={{ emptyText: <Nothing title={t('audit.empty')} hint={t('audit.emptyHint')} /> }}
      />
      {more}
    </List>
  );
}

/** What was done, and to which record; the address itself for whoever points at it. */
function Act({ entry }: { entry: TrailEntry }) {
  const record = recordOf(entry);
  const words = term('operation', entry.act);
  return (
    <span className="wrap" title={`${entry.act}\n${entry.subject}`}>
      {record ? (
        <Link to="/records/$id" params={{ id: record }} className="row-link">
          {words}
        </Link>
      ) : (
        words
      )}
    </span>
  );
}

function ExportButton() {
  const { t } = useWords();
  const { message } = App.useApp();
  const [saving, setSaving] = useState(false);
  const today = dayIn(useDirectory().zone(undefined), Date.now());
  const name = `${t('audit.title')}_${today}.jsonl`;
  return (
    <>
      <Button icon={<DownloadOutlined />} onClick={() => setSaving(true)}>
        {t('files.export')}
      </Button>
      {saving && (
        <FileDialog
          title={t('audit.exportTitle')}
          lead={t('audit.exportLead')}
          name={name}
          begin={exportTrail}
          onClose={(saved) => {
            if (saved) message.success(t('files.saved', { name }));
            setSaving(false);
          }}
        />
      )}
    </>
  );
}
