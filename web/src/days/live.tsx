import { Button } from 'antd';
import { clockTime, useWords } from '../language/wording.ts';
import { Trouble } from '../problem/trouble.tsx';

interface Query {
  data: unknown;
  error: Error | null;
  dataUpdatedAt: number;
  isFetching: boolean;
  refetch: () => unknown;
}

/** How old what is shown is, and a way to ask at once. */
export function AsOf({ query, zone }: { query: Query; zone?: string }) {
  const { t } = useWords();
  return (
    <>
      {query.dataUpdatedAt > 0 && (
        <span className="small quiet number">{t('days.asOf', { time: clockTime(query.dataUpdatedAt, zone) })}</span>
      )}
      <Button onClick={() => void query.refetch()} loading={query.isFetching}>
        {t('common.refresh')}
      </Button>
    </>
  );
}

/** Says that what is shown is old, because it could not be fetched again. */
export function Outdated({ query }: { query: Query }) {
  if (query.data === undefined || !query.error) return null;
  return <Trouble error={query.error} again={() => void query.refetch()} />;
}
