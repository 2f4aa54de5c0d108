import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { TableColumnType } from 'antd';
import { dayLines, type DayLine } from '../api/days.ts';
import { offices, useDirectory } from '../api/directory.ts';
import { exported } from '../api/files.ts';
import { number, useWords } from '../language/wording.ts';
import { useMe } from '../session/session.ts';
import { PageHead } from '../shell/page-head.tsx';
import { Fetched } from '../shell/states.tsx';
import { ExportButton } from '../words/export.tsx';
import { Lines } from '../words/lines.tsx';
import { List } from '../words/list.tsx';
import { Moment } from '../words/moment.tsx';
import { dayIn } from './business-day.ts';
import { DayChoice } from './day-choice.tsx';
import { AsOf } from './live.tsx';
import { Unfinished } from './unfinished.tsx';
import './days.css';

/** How a day stands in all offices of one's territory. Which day it is can be said once their zones are known. */
export function TodayPage() {
  return <Fetched query={useQuery(offices)}>{() => <Today />}</Fetched>;
}

function Today() {
  const { t } = useWords();
  const search = useSearch({ from: '/inside/days' });
  const navigate = useNavigate({ from: '/days' });
  const zone = useDirectory().zone(useMe().office);
  const today = dayIn(zone, Date.now());
  const day = search.day ?? today;
  const query = useQuery(dayLines(day));
  const show = (day: string) => void navigate({ search: day === today ? {} : { day } });
  return (
    <>
      <PageHead
        title={day === today ? t('days.title') : t('days.titleOf', { day })}
        beside={<DayChoice day={day} today={today} onChange={show} />}
        end={
          <>
            <AsOf query={query} zone={zone} />
            <ExportButton name={t('days.titleOf', { day })} list={exported('/api/v1/days/export', { query: { day } })} />
          </>
        }
      />
      <Fetched query={query}>{(lines) => <Offices lines={lines} day={day} />}</Fetched>
      {day === today && <Unfinished />}
    </>
  );
}

function Offices({ lines, day }: { lines: DayLine[]; day: string }) {
  const { t } = useWords();
  const directory = useDirectory();
  const board = (line: DayLine) => ({ to: '/offices/$office/days/$day', params: { office: line.office, day } }) as const;
  const columns: TableColumnType<DayLine>[] = [
    {
      key: 'office',
      title: t('days.office'),
      width: 190,
      sorter: (a, b) => a.name.localeCompare(b.name),
      render: (_, line) => (
        <Link {...board(line)} className="row-link" title={t('days.boardOf', { name: line.name })}>
          {line.name}
        </Link>
      ),
    },
    {
      key: 'state',
      title: t('days.state'),
      width: 270,
      sorter: (a, b) => (a.closed_at ?? 0) - (b.closed_at ?? 0),
      render: (_, line) =>
        line.closed_at == null ? (
          <span className="mark mark-received">{t('days.open')}</span>
        ) : (
          <>
            <span className="mark mark-approved">{t('days.closed')}</span>{' '}
            <Moment at={line.closed_at} zone={directory.zone(line.office)} />
          </>
        ),
    },
    {
      key: 'missing',
      title: t('days.missing'),
      width: 150,
      align: 'right',
      sorter: (a, b) => a.missing - b.missing,
      render: (_, line) =>
        line.missing === 0 ? (
          <span className="none">{number(0)}</span>
        ) : (
          <Link
            {...board(line)}
            search={{ missing: true }}
            className="mark mark-held"
            title={t('days.missingOf', { name: line.name })}
          >
            {number(line.missing)}
          </Link>
        ),
    },
    {
      key: 'records',
      title: t('days.records'),
      width: 110,
      align: 'right',
      sorter: (a, b) => a.records - b.records,
      render: (_, line) => (
        <Link to="/records" search={{ made_in: line.office, day }} title={t('days.recordsOf', { name: line.name })}>
          {number(line.records)}
        </Link>
      ),
    },
    {
      key: 'unsealed',
      title: t('days.unsealed'),
      width: 110,
      align: 'right',
      sorter: (a, b) => uncounted(a) - uncounted(b),
      render: (_, line) => <Unsealed line={line} day={day} />,
    },
    {
      key: 'statements',
      title: t('days.statements'),
      width: 110,
      align: 'right',
      sorter: (a, b) => a.statements - b.statements,
      render: (_, line) =>
        line.statements > 0 && (
          <Link
            to="/offices/$office/days/$day/statements/$number"
            params={{ office: line.office, day, number: '0' }}
            title={t('days.statementsOf', { name: line.name })}
          >
            {number(line.statements)}
          </Link>
        ),
    },
  ];
  return (
    <List label={t('days.title')}>
      <Lines
        rowKey="office"
        lines={lines}
        columns={columns}
        empty={t('days.empty')}
        hint={t('days.emptyHint')}
      />
    </List>
  );
}

/** How much is in no statement: records, and what came late for a closed day of leads that are counted already. */
const uncounted = (line: DayLine): number => line.unsealed + (line.closed_at == null ? 0 : line.unsealed_facts);

/** What is in no statement: all of an open day, what came late for a closed one. */
function Unsealed({ line, day }: { line: DayLine; day: string }) {
  const { t } = useWords();
  if (uncounted(line) === 0) return <span className="none">{number(0)}</span>;
  if (line.closed_at == null) {
    return (
      <Link
        to="/records"
        search={{ made_in: line.office, day, unsealed: true }}
        title={t('days.unsealedOf', { name: line.name })}
      >
        {number(line.unsealed)}
      </Link>
    );
  }
  return (
    <Link
      to="/offices/$office/days/$day"
      params={{ office: line.office, day }}
      hash="late"
      className="mark mark-held"
      title={t('days.lateOf', { name: line.name })}
    >
      {t('days.late')} {number(uncounted(line))}
    </Link>
  );
}
