import { useQuery } from '@tanstack/react-query';
import { recordCount, type RecordFilter } from '../api/records.ts';
import { number, useWords } from '../language/wording.ts';
import { Lacking } from '../shell/states.tsx';

/** How many records a filter finds, once that is known. */
export function Amount({ filter }: { filter: RecordFilter }) {
  const { t } = useWords();
  const query = useQuery(recordCount(filter));
  const count = query.data?.count;
  if (count === undefined) return <Lacking what={t('files.amount')} queries={[query]} />;
  return t('files.records', { count, shown: number(count) });
}
