import { Button } from 'antd';
import { useWords } from '../language/wording.ts';

interface Props {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}

/** Fetches the next page of a list, where there is one. */
export function More({ query }: Props) {
  const { t } = useWords();
  if (!query.hasNextPage) return null;
  return (
    <div className="list-foot">
      <Button onClick={() => void query.fetchNextPage()} loading={query.isFetchingNextPage}>
        {t('common.more')}
      </Button>
    </div>
  );
}
