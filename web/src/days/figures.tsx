import { useInfiniteQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useState, type ReactNode } from 'react';
import { behindFigure, SORTS, type Board, type DayFigure, type Sort } from '../api/days.ts';
import { exported } from '../api/files.ts';
import { decimal, number, term, useWords } from '../language/wording.ts';
import { RecordPages } from './record-pages.tsx';
import { RecordsDialog } from './records-dialog.tsx';

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
  const [shown, setShown] = useState<DayFigure>();
  const count = (sort: Sort, count: number, assigned?: true) =>
    count === 0 ? (
      number(0)
    ) : (
      <Button
        type="link"
        size="small"
        className="figure"
        title={titleOf({ sort, assigned })}
        onClick={() => setShown({ sort, assigned, statement })}
      >
        {number(count)}
      </Button>
    );
  return (
    <>
      <FigureTable figures={figures} count={count} />
      {shown && <Behind of={of} lead={lead} figure={shown} onClose={() => setShown(undefined)} />}
    </>
  );

  function titleOf({ sort, assigned }: DayFigure): string {
    return t('board.countOf', { what: whatOf(t, { sort, assigned }), name: of.name });
  }
}

/** What a figure counts. */
const whatOf = (t: ReturnType<typeof useWords>['t'], { sort, assigned }: DayFigure): string =>
  assigned ? t('board.assignedOf', { what: term('figure', sort) }) : term('figure', sort);

function Behind({ of, lead, figure, onClose }: Pick<Linked, 'of' | 'lead'> & { figure: DayFigure; onClose: () => void }) {
  const { t } = useWords();
  const { office, name, day } = of;
  const query = useInfiniteQuery(behindFigure(office, day, figure));
  const title = t('board.behind', { what: whatOf(t, figure), name, day });
  const { sort, ...counted } = figure;
  const list = exported('/api/v1/offices/{office}/days/{day}/figures/{sort}/export', { path: { office, day, sort }, query: counted });
  return (
    <RecordsDialog title={title} list={list} onClose={onClose}>
      {lead && <p className="quiet">{lead}</p>}
      <RecordPages query={query} office={office} />
    </RecordsDialog>
  );
}

interface TableProps {
  figures: Board['figures'];
  /** What stands for a count, of all of a sort or of those with a consultant. */
  count: (sort: Sort, count: number, assigned?: true) => ReactNode;
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
              <td>{count(sort, figure?.count ?? 0)}</td>
              <td>{sort === 'arrival' ? <span className="none">{t('common.none')}</span> : decimal(figure?.amount ?? '0')}</td>
              <td>{count(sort, figure?.assigned ?? 0, true)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
