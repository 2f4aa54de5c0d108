import { number, useWords } from '../language/wording.ts';
import { Fetched, Nothing } from '../shell/states.tsx';
import type { Line } from '../api/records.ts';
import { More } from '../words/more.tsx';
import { RecordLines } from './record-lines.tsx';

interface Page {
  items: Line[];
  /** How many the whole list has; the first page always says so. */
  total?: number | null;
}

interface Props {
  query: {
    data: { pages: Page[] } | undefined;
    error: Error | null;
    refetch: () => unknown;
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    isFetchNextPageError: boolean;
    fetchNextPage: () => unknown;
  };
  /** By whose clocks the times are; each record's own office's if left out. */
  office?: string;
}

/** Records page after page, below how many there are. */
export function RecordPages({ query, office }: Props) {
  const { t } = useWords();
  return (
    <Fetched query={query} rows={3}>
      {({ pages }) => {
        const lines = pages.flatMap((page) => page.items);
        const total = pages[0]?.total ?? lines.length;
        if (lines.length === 0 && !query.hasNextPage) return <Nothing title={t('board.behindNone')} />;
        return (
          <>
            <p className="quiet" role="status">
              {query.hasNextPage
                ? t('board.shown', { shown: number(lines.length), total: number(total) })
                : t('board.found', { count: total, total: number(total) })}
            </p>
            <RecordLines lines={lines} office={office} />
            <More query={query} />
          </>
        );
      }}
    </Fetched>
  );
}
