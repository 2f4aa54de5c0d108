import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { App, Button, DatePicker, type TableColumnType } from 'antd';
import dayjs from 'dayjs';
import { useMemo, useState, type ReactNode } from 'react';
import { trail, verification, type TrailEntry } from '../api/audit.ts';
import { devices, useDirectory } from '../api/directory.ts';
import { exported, trailChain } from '../api/files.ts';
import { dayIn } from '../days/business-day.ts';
import { number, term, useWords } from '../language/wording.ts';
import { Choice } from '../records/filters.tsx';
import { usePowers } from '../session/session.ts';
import { PageHead } from '../shell/page-head.tsx';
import { Fetched, Lacking } from '../shell/states.tsx';
import { ExportButton } from '../words/export.tsx';
import { FileDialog } from '../words/file-dialog.tsx';
import { Lines } from '../words/lines.tsx';
import { List } from '../words/list.tsx';
import { Moment } from '../words/moment.tsx';
import { More } from '../words/more.tsx';
import { readAuditSearch, trailFilter, type AuditSearch } from './search.ts';
import { Verification } from './verification.tsx';
import { detailText, recordOf, type Wording } from './words.ts';
import './audit.css';

/** Who did what from where, newest first, and whether anybody has tampered with that. */
export function AuditPage() {
  const { t } = useWords();
  const search = useSearch({ from: '/inside/audit' });
  const navigate = useNavigate({ from: '/audit' });
  const directory = useDirectory();
  const filter = trailFilter(search, directory.zone(undefined));
  const query = useInfiniteQuery(trail(filter));
  const check = useQuery(verification);
  const show = (change: Partial<AuditSearch>) => void navigate({ search: readAuditSearch({ ...search, ...change }) });
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
            <ChainButton />
            <ExportButton name={t('audit.title')} list={exported('/api/v1/audit/export', { query: filter })} />
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
        {(entries) => <Entries entries={entries} more={<More query={query} />} />}
      </Fetched>
    </>
  );
}

function Entries({ entries, more }: { entries: TrailEntry[]; more: ReactNode }) {
  const { t } = useWords();
  const directory = useDirectory();
  const { phones, wording } = useWording();
  const columns = useMemo(
    (): TableColumnType<TrailEntry>[] => [
      {
        key: 'no',
        title: t('audit.no'),
        width: 80,
        align: 'right',
        render: (_, entry) => <span className="number">{number(entry.no)}</span>,
      },
      { key: 'at', title: t('audit.at'), width: 150, render: (_, entry) => <Moment at={entry.at} /> },
      {
        key: 'who',
        title: t('common.who'),
        width: 130,
        render: (_, entry) =>
          entry.person
            ? (directory.person(entry.person) ?? <span className="identifier">{entry.person}</span>)
            : t('audit.machine'),
      },
      { key: 'origin', title: t('audit.origin'), width: 110, render: (_, entry) => <Origin origin={entry.origin} /> },
      { key: 'act', title: t('audit.act'), width: 170, render: (_, entry) => <Act entry={entry} /> },
      {
        key: 'detail',
        title: t('audit.detail'),
        width: 420,
        render: (_, entry) => <div className="audit-detail">{detailText(entry.detail, wording)}</div>,
      },
    ],
    [t, directory, wording],
  );
  return (
    <List label={t('audit.title')}>
      <Lacking what={t('problem.phoneNames')} queries={[phones]} />
      <Lines rowKey="no" lines={entries} columns={columns} empty={t('audit.empty')} hint={t('audit.emptyHint')} />
      {more}
    </List>
  );
}

/** People, places and phones by their names, and parts and words as people say them. */
function useWording() {
  const { t } = useWords();
  const directory = useDirectory();
  const phones = useQuery({ ...devices, enabled: usePowers().seeDevices, staleTime: 60_000 });
  const labels = useMemo(() => new Map(phones.data?.map(({ id, label }) => [id, label])), [phones.data]);
  const wording = useMemo((): Wording => {
    const { person, office, team, project } = directory;
    return {
      named: (id) => person(id) ?? office(id) ?? team(id) ?? project(id) ?? labels.get(id),
      part: (name) => term('noted', name),
      meant: (part, word) => (part === 'role' ? term(part, word) : part === 'state' ? term('review', word) : undefined),
      yesOrNo: (yes) => t(yes ? 'common.yes' : 'common.no'),
    };
  }, [t, directory, labels]);
  return { phones, wording };
}

/** From where something was done: an address, or the server's own machine. */
function Origin({ origin }: { origin: string }) {
  const { t } = useWords();
  return origin === 'machine' ? t('audit.machine') : <span className="identifier">{origin}</span>;
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

/** The whole chain, by which anybody can check that nothing was changed. */
function ChainButton() {
  const { t } = useWords();
  const { message } = App.useApp();
  const [saving, setSaving] = useState(false);
  const today = dayIn(useDirectory().zone(undefined), Date.now());
  const name = `${t('audit.title')}_${today}.jsonl`;
  return (
    <>
      <Button onClick={() => setSaving(true)}>{t('audit.chain')}</Button>
      {saving && (
        <FileDialog
          title={t('audit.exportTitle')}
          lead={t('audit.exportLead')}
          name={name}
          begin={trailChain}
          onClose={(saved) => {
            if (saved) message.success(t('files.saved', { name }));
            setSaving(false);
          }}
        />
      )}
    </>
  );
}
