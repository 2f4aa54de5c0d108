import { Link, useSearch } from '@tanstack/react-router';
import { Table, type TableColumnType } from 'antd';
import { useState } from 'react';
import type { Board, BoardLine } from '../api/days.ts';
import { useDirectory } from '../api/directory.ts';
import type { Kind } from '../api/records.ts';
import { Backlog, Skew } from '../devices/condition.tsx';
import { number, term, useWords } from '../language/wording.ts';
import { Lines } from '../words/lines.tsx';
import { List } from '../words/list.tsx';
import { Moment } from '../words/moment.tsx';
import { COLUMNS, isMissing, ordered, rowsOf, type Column, type Order, type Row } from './board-lines.ts';
import { Reminder } from './remind.tsx';

const KINDS: Kind[] = ['visit', 'survey', 'lead'];

/** Everybody of the day: what they made, and how their phones stand. */
export function BoardTable({ board, zone }: { board: Board; zone?: string }) {
  const { t } = useWords();
  const search = useSearch({ from: '/inside/offices/$office/days/$day' });
  const { missing } = search;
  const [order, setOrder] = useState<Order>();
  const people = missing ? board.people.filter(isMissing) : board.people;
  const sorting = (by: Column) => ({
    key: by,
    title: t(`board.${by === 'name' ? 'promoter' : by}`),
    sorter: true,
    sortOrder: order?.by === by ? (order.descending ? ('descend' as const) : ('ascend' as const)) : null,
  });
  // What is about the person stands once beside all of their phones.
  const once = (row: Row) => ({ rowSpan: row.reach });
  const count = (by: Kind | 'flagged'): TableColumnType<Row> => ({
    ...sorting(by),
    width: by === 'flagged' ? 84 : 80,
    align: 'right',
    onCell: once,
    render: (_, { line }) => <Count board={board} line={line} of={by} />,
  });
  const columns: TableColumnType<Row>[] = [
    { ...sorting('name'), width: 140, onCell: once, render: (_, { line }) => <Who line={line} /> },
    ...KINDS.map(count),
    count('flagged'),
    {
      ...sorting('late'),
      width: 70,
      align: 'right',
      onCell: once,
      render: (_, { line }) =>
        line.late === 0 ? (
          <span className="none">{number(0)}</span>
        ) : (
          <Link
            to="/offices/$office/days/$day"
            params={{ office: board.office, day: board.day }}
            search={{ ...search, late_of: line.person }}
            hash="late"
            className="mark mark-held"
            title={t('board.countOf', { what: t('board.late'), name: line.name })}
          >
            {number(line.late)}
          </Link>
        ),
    },
    {
      key: 'phone',
      title: t('board.phone'),
      width: 170,
      render: (_, { device, line }) =>
        device ? (
          <>
            <Link to="/devices" search={{ device: device.id }} className="wrap">
              {device.label}
            </Link>
            <div className="small quiet">{device.app}</div>
            {device.absence != null && <div className="mark mark-held">{term('absence', device.absence)}</div>}
            <Reminder board={board} device={device} person={line.name} zone={zone} />
          </>
        ) : (
          <span className="none">{t('board.noPhone')}</span>
        ),
    },
    {
      ...sorting('exchange'),
      width: 140,
      render: (_, { device }) =>
        device &&
        (device.last_exchange_at == null ? (
          <span className="none">{t('devices.never')}</span>
        ) : (
          <Moment at={device.last_exchange_at} zone={zone} />
        )),
    },
    { ...sorting('unsent'), width: 130, render: (_, { device }) => device && <Backlog device={device} zone={zone} /> },
    { ...sorting('skew'), width: 86, align: 'right', render: (_, { device }) => device && <Skew device={device} /> },
  ];
  return (
    <List label={t('board.promoters')}>
      <Lines
        rowKey="key"
        lines={rowsOf(ordered(people, order))}
        columns={columns}
        onChange={(_page, _filters, sorter) => {
          const { columnKey, order } = Array.isArray(sorter) ? (sorter[0] ?? {}) : sorter;
          const by = COLUMNS.find((column) => column === columnKey);
          setOrder(by && order ? { by, descending: order === 'descend' } : undefined);
        }}
        empty={t(missing ? 'board.nobodyMissing' : 'board.empty')}
        hint={missing ? undefined : t('board.emptyHint')}
        summary={() => !missing && board.people.length > 0 && <Totals board={board} />}
      />
    </List>
  );
}

function Who({ line }: { line: BoardLine }) {
  const team = useDirectory().team(line.team);
  return (
    <>
      <Link to="/people" search={{ text: line.name, everybody: true }} className="row-link">
        {line.name}
      </Link>
      {team && <div className="small quiet">{team}</div>}
    </>
  );
}

/** A count, leading to the records of that person and day. */
function Count({ board, line, of }: { board: Board; line?: BoardLine; of: Kind | 'flagged' }) {
  const { t } = useWords();
  const counted = (line?.counts ?? board.total)[of];
  if (counted === 0) return <span className="none">{number(0)}</span>;
  return (
    <Link
      to="/records"
      search={{
        made_in: board.office,
        made_by: line?.person,
        day: board.day,
        ...(of === 'flagged' ? { flag: 'any' as const } : { kind: of }),
      }}
      title={t('board.countOf', { what: t(`board.${of}`), name: line?.name ?? board.name })}
    >
      {number(counted)}
    </Link>
  );
}

/** How much came late of everybody, leading to the late tray. */
function ToTray({ board, late }: { board: Board; late: number }) {
  const { t } = useWords();
  return (
    <Link
      to="/offices/$office/days/$day"
      params={{ office: board.office, day: board.day }}
      hash="late"
      className="mark mark-held"
      title={t('board.countOf', { what: t('board.late'), name: board.name })}
    >
      {number(late)}
    </Link>
  );
}

function Totals({ board }: { board: Board }) {
  const { t } = useWords();
  const late = board.late.visit + board.late.survey + board.late.lead;
  return (
    <Table.Summary.Row className="totals">
      <Table.Summary.Cell index={0}>{t('board.total')}</Table.Summary.Cell>
      {[...KINDS, 'flagged' as const].map((of, at) => (
        <Table.Summary.Cell key={of} index={at + 1} align="right">
          <Count board={board} of={of} />
        </Table.Summary.Cell>
      ))}
      <Table.Summary.Cell index={5} align="right">
        {late === 0 ? number(0) : <ToTray board={board} late={late} />}
      </Table.Summary.Cell>
      <Table.Summary.Cell index={6} colSpan={4} />
    </Table.Summary.Row>
  );
}
