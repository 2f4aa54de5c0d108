import { Button } from 'antd';
import { clockTime, useWords } from '../language/wording.ts';

interface Query {
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
      {/* What is asked for by itself should not make the button twitch; only an answer that takes long shows. */}
      <Button onClick={() => void query.refetch()} loading={query.isFetching && { delay: 500 }}>
        {t('common.refresh')}
      </Button>
    </>
  );
}
