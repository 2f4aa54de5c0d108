import { useQuery } from '@tanstack/react-query';
import { Button, Modal } from 'antd';
import { useState, type ReactNode } from 'react';
import { behindFigure, SORTS, type Board, type Sort } from '../api/days.ts';
import { decimal, number, term, useWords } from '../language/wording.ts';
import { Fetched, Nothing } from '../shell/states.tsx';
import { RecordLines } from './record-lines.tsx';

/** Arrivals and money of a day; each count leads to its records. */
export function Figures({ board }: { board: Board }) {
  const { t } = useWords();
  return (
    <section className="sheet figures" aria-label={t('board.figures')}>
      <h2>{t('board.figures')}</h2>
      <LinkedFigures figures={board.figures} of={board} />
    </section>
  );
}

interface Linked {
  figures: Board['figures'];
  /** Whose day it is. */
  of: Pick<Board, 'office' | 'name' | 'day'>;
  /** What has to be said about the records behind a figure. */
  lead?: string;
  /** Counts nothing but these records; all of the day if left out. */
  only?: ReadonlySet<string>;
}

/** Figures whose counts show the records behind them. */
export function LinkedFigures({ figures, of, lead, only }: Linked) {
  const { t } = useWords();
  const [shown, setShown] = useState<Sort>();
  const count = (sort: Sort, count: number) => (
    <Button
      type="link"
      size="small"
      className="figure"
      title={t('board.countOf', { what: term('figure', sort), name: of.name })}
      onClick={() => setShown(sort)}
    >
      {number(count)}
    </Button>
  );
  return (
    <>
      <FigureTable figures={figures} count={count} />
      {shown && <Behind of={of} lead={lead} only={only} sort={shown} onClose={() => setShown(undefined)} />}
    </>
  );
}

function Behind({ of, lead, only, sort, onClose }: Omit<Linked, 'figures'> & { sort: Sort; onClose: () => void }) {
  const { t } = useWords();
  const query = useQuery(behindFigure(of.office, of.day, sort));
  const title = t('board.behind', { what: term('figure', sort), name: of.name, day: of.day });
  return (
    <Modal open title={title} onCancel={onClose} footer={<Button onClick={onClose}>{t('common.close')}</Button>}>
      {lead && <p className="quiet">{lead}</p>}
      <Fetched query={query} rows={3}>
        {(all) => {
          const lines = only ? all.filter(({ id }) => only.has(id)) : all;
          if (lines.length === 0) return <Nothing title={t('board.behindNone')} />;
          return <RecordLines lines={lines} office={of.office} />;
        }}
      </Fetched>
    </Modal>
  );
}

interface TableProps {
  figures: Board['figures'];
  /** What stands for a count that is not zero. */
  count: (sort: Sort, count: number) => ReactNode;
}

function FigureTable({ figures, count }: TableProps) {
  const { t } = useWords();
  return (
    <table className="plain">
      <thead>
        <tr>
          <th scope="col">{t('board.sort')}</th>
          <th scope="col">{t('board.count')}</th>
          <th scope="col">{t('board.amount')}</th>
          <th scope="col">{t('board.assigned')}</th>
        </tr>
      </thead>
      <tbody>
        {SORTS.map((sort) => {
          const figure = figures[sort];
          return (
            <tr key={sort}>
              <th scope="row">{term('figure', sort)}</th>
              <td>{figure?.count ? count(sort, figure.count) : number(0)}</td>
              <td>{sort === 'arrival' ? <span className="none">{t('common.none')}</span> : decimal(figure?.amount ?? '0')}</td>
              <td>{number(figure?.assigned ?? 0)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
