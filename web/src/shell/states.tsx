import { Button, Empty, Skeleton } from 'antd';
import type { ReactNode } from 'react';
import { useWords } from '../language/wording.ts';
import { Trouble } from '../problem/trouble.tsx';

/** While the first content is on its way. */
export function Loading({ rows = 6 }: { rows?: number }) {
  const { t } = useWords();
  return (
    <div role="status" aria-label={t('common.loading')}>
      <Skeleton active paragraph={{ rows }} />
    </div>
  );
}

/** Nothing to show, and why that may be. */
export function Nothing({ title, hint, children }: { title: string; hint?: string; children?: ReactNode }) {
  return (
    <Empty
      image={Empty.PRESENTED_IMAGE_SIMPLE}
      description={
        <>
          <div>{title}</div>
          {hint && <div className="quiet">{hint}</div>}
        </>
      }
    >
      {children}
    </Empty>
  );
}

interface Asked {
  error: Error | null;
  refetch: () => unknown;
}

interface Fetching<T> {
  query: Asked & {
    data: T | undefined;
    /** A further page of a list is asked for where the list ends (words/more.tsx). */
    isFetchNextPageError?: boolean;
  };
  rows?: number;
  children: (data: T) => ReactNode;
}

/** Shows what was fetched, or how that stands. What is shown stays when fetching it again fails, which is said. */
export function Fetched<T>({ query, rows, children }: Fetching<T>) {
  const trouble = query.error && !query.isFetchNextPageError && (
    <Trouble error={query.error} again={() => void query.refetch()} />
  );
  if (query.data === undefined) return trouble || <Loading rows={rows} />;
  return (
    <>
      {trouble}
      {children(query.data)}
    </>
  );
}

/** Says that something beside the content could not be fetched, and fetches it again; nothing where all is there. */
export function Lacking({ what, queries }: { what: string; queries: Asked[] }) {
  const { t } = useWords();
  const failed = queries.filter(({ error }) => error !== null);
  if (failed.length === 0) return null;
  return (
    <span className="lacking" role="alert">
      {t('problem.lacking', { what })}{' '}
      <Button size="small" onClick={() => failed.forEach(({ refetch }) => void refetch())}>
        {t('common.tryAgain')}
      </Button>
    </span>
  );
}
