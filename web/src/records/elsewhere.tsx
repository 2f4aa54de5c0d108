import { skipToken, useQuery } from '@tanstack/react-query';
import { officeBoard } from '../api/days.ts';
import { recordCount, type RecordFilter } from '../api/records.ts';
import { countedOn } from '../days/board-lines.ts';
import { number, useWords } from '../language/wording.ts';

/** Says how many of the records that a number of the board counts are not in its list, because another office has them by
 * now. Whoever sees that office too has all of them in the list. */
export function Elsewhere({ filter }: { filter: RecordFilter }) {
  const { t } = useWords();
  const { made_in: office, day } = filter;
  const board = useQuery(
    office && day ? { ...officeBoard(office, day), retry: false } : { queryKey: ['days', 'board', 'none'], queryFn: skipToken },
  );
  const counted = board.data && countedOn(board.data, filter);
  const list = useQuery({ ...recordCount(filter), enabled: counted !== undefined });
  // What is just coming in may be counted on one side only.
  if (counted === undefined || list.data === undefined || board.isFetching || list.isFetching) return null;
  const count = counted - list.data.count;
  return count > 0 && <p role="status">{t('records.elsewhere', { count, shown: number(count) })}</p>;
}
