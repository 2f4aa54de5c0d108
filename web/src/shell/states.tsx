import { Empty, Skeleton } from 'antd';
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

/** Shows what was fetched, or how that stands. What is shown stays when fetching it again fails. */
export function Fetched<T>({
  query,
  rows,
  children,
}: {
  query: { data: T | undefined; error: Error | null; refetch: () => unknown };
  rows?: number;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <Trouble error={query.error} again={() => void query.refetch()} />;
  return <Loading rows={rows} />;
}
