import { Button } from 'antd';
import { useWords } from '../language/wording.ts';
import { Trouble } from '../problem/trouble.tsx';

interface Props {
  query: {
    error: Error | null;
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    isFetchNextPageError: boolean;
    fetchNextPage: () => unknown;
  };
}

/** Fetches the next page of a list, where there is one, and says when that fails. */
export function More({ query }: Props) {
  const { t } = useWords();
  if (!query.hasNextPage) return null;
  const next = () => void query.fetchNextPage();
  if (query.isFetchNextPageError && !query.isFetchingNextPage) return <Trouble error={query.error} again={next} />;
  return (
    <div className="list-foot">
      <Button onClick={next} loading={query.isFetchingNextPage}>
        {t('common.more')}
      </Button>
    </div>
  );
}
