import { useQuery } from '@tanstack/react-query';
import { recordCount, type RecordFilter } from '../api/records.ts';
import { number, useWords } from '../language/wording.ts';

/** How many records a filter finds, once that is known. */
export function Amount({ filter }: { filter: RecordFilter }) {
  const { t } = useWords();
  const count = useQuery(recordCount(filter)).data?.count;
  return count === undefined ? null : t('files.records', { count, shown: number(count) });
}
