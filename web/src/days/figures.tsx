import { useInfiniteQuery } from '@tanstack/react-query';
import { Button, Modal } from 'antd';
import { useState, type ReactNode } from 'react';
import { behindFigure, SORTS, type Board, type Sort } from '../api/days.ts';
import { decimal, number, term, useWords } from '../language/wording.ts';
import { RecordPages } from './record-pages.tsx';

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
  /** The number of the statement that counts them; all of the day if left out. */
  statement?: number;
}

/** Figures whose counts show the records behind them. */
export function LinkedFigures({ figures, of, lead, statement }: Linked) {
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
      {shown && <Behind of={of} lead={lead} statement={statement} sort={shown} onClose={() => setShown(undefined)} />}
    </>
  );
}

function Behind({ of, lead, statement, sort, onClose }: Omit<Linked, 'figures'> & { sort: Sort; onClose: () => void }) {
  const { t } = useWords();
  const query = useInfiniteQuery(behindFigure(of.office, of.day, sort, statement));
  const title = t('board.behind', { what: term('figure', sort), name: of.name, day: of.day });
  return (
    <Modal open width={640} title={title} onCancel={onClose} footer={<Button onClick={onClose}>{t('common.close')}</Button>}>
      {lead && <p className="quiet">{lead}</p>}
      <RecordPages query={query} office={of.office} />
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
