import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { TableColumnType } from 'antd';
import { unfinishedDays, type UnfinishedDay } from '../api/days.ts';
import { exported } from '../api/files.ts';
import { number, useWords } from '../language/wording.ts';
import { Fetched } from '../shell/states.tsx';
import { ExportButton } from '../words/export.tsx';
import { Lines } from '../words/lines.tsx';
import { List } from '../words/list.tsx';

/** Earlier days that nobody has closed, or for which something came late: they would be forgotten otherwise. */
export function Unfinished() {
  const { t } = useWords();
  return (
    <section className="unfinished" aria-label={t('days.unfinished')}>
      <div className="sheet-head">
        <h2>{t('days.unfinished')}</h2>
        <ExportButton
          name={t('days.unfinished')}
          list={exported('/api/v1/days/unfinished/export', { query: {} })}
        />
      </div>
      <p className="quiet">{t('days.unfinishedLead')}</p>
      <Fetched query={useQuery(unfinishedDays)} rows={3}>
        {(lines) => <UnfinishedDays lines={lines} />}
      </Fetched>
    </section>
  );
}

const board = ({ office, day }: UnfinishedDay) =>
  ({ to: '/offices/$office/days/$day', params: { office, day } }) as const;

const late = (line: UnfinishedDay): number => line.records + line.facts;

function UnfinishedDays({ lines }: { lines: UnfinishedDay[] }) {
  const { t } = useWords();
  const columns: TableColumnType<UnfinishedDay>[] = [
    {
      key: 'day',
      title: t('days.day'),
      width: 130,
      sorter: (a, b) => a.day.localeCompare(b.day),
      render: (_, line) => line.day,
    },
    {
      key: 'office',
      title: t('days.office'),
      width: 190,
      sorter: (a, b) => a.name.localeCompare(b.name),
      render: (_, line) => (
        <Link {...board(line)} className="row-link" title={t('board.title', { name: line.name, day: line.day })}>
          {line.name}
        </Link>
      ),
    },
    {
      key: 'left',
      title: t('days.left'),
      width: 270,
      sorter: (a, b) => late(a) - late(b),
      render: (_, line) =>
        line.closed ? (
          <Link {...board(line)} hash="late" className="mark mark-held">
            {t('days.late')} {number(late(line))}
          </Link>
        ) : (
          <span className="mark mark-received">{t('days.notClosed')}</span>
        ),
    },
  ];
  return (
    <List label={t('days.unfinished')}>
      <Lines
        rowKey={(line) => `${line.office}/${line.day}`}
        lines={lines}
        columns={columns}
        empty={t('days.allFinished')}
        hint={t('days.allFinishedHint')}
      />
    </List>
  );
}
