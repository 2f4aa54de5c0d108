import { Link } from '@tanstack/react-router';
import type { Board } from '../api/days.ts';
import { useWords } from '../language/wording.ts';

/** The statement of a day and its supplements, each leading to its page. */
export function StatementLinks({ board }: { board: Board }) {
  const { t } = useWords();
  return board.statements.map(({ number }) => (
    <Link
      key={number}
      to="/offices/$office/days/$day/statements/$number"
      params={{ office: board.office, day: board.day, number: String(number) }}
      activeProps={{ className: 'here' }}
    >
      {number === 0 ? t('board.statement') : t('board.supplement', { number })}
    </Link>
  ));
}
