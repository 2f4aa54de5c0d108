import type { Board } from '../api/days.ts';
import { decimal, number, term, useWords } from '../language/wording.ts';

/** The sorts of figures in the order in which a customer goes through them. */
export const SORTS = ['arrival', 'reserved', 'subscribed', 'signed', 'paid', 'mortgage'] as const;

/** Arrivals and money of a day. */
export function Figures({ figures }: { figures: Board['figures'] }) {
  const { t } = useWords();
  return (
    <section className="sheet figures" aria-label={t('board.figures')}>
      <h2>{t('board.figures')}</h2>
      <FigureTable figures={figures} />
    </section>
  );
}

export function FigureTable({ figures }: { figures: Board['figures'] }) {
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
              <td>{number(figure?.count ?? 0)}</td>
              <td>{sort === 'arrival' ? <span className="none">{t('common.none')}</span> : decimal(figure?.amount ?? '0')}</td>
              <td>{number(figure?.assigned ?? 0)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
