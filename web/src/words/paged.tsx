import { Button } from 'antd';
import { useState, type ReactNode } from 'react';
import { number, useWords } from '../language/wording.ts';

interface Props<T> {
  items: readonly T[];
  /** Longer lists are shown in pages of so many. */
  atOnce: number;
  children: (items: readonly T[]) => ReactNode;
}

/** A list that is there as a whole, page by page. */
export function Paged<T>({ items, atOnce, children }: Props<T>) {
  const { t } = useWords();
  const [wanted, setWanted] = useState(0);
  const last = Math.max(0, Math.ceil(items.length / atOnce) - 1);
  const page = Math.min(wanted, last);
  const from = page * atOnce;
  const some = items.slice(from, from + atOnce);
  return (
    <>
      {children(some)}
      {last > 0 && (
        <div className="list-foot">
          <span className="start quiet number" role="status">
            {t('common.pageOf', { from: number(from + 1), to: number(from + some.length), all: number(items.length) })}
          </span>
          <Button disabled={page === 0} onClick={() => setWanted(page - 1)}>
            {t('common.previousPage')}
          </Button>
          <Button disabled={page === last} onClick={() => setWanted(page + 1)}>
            {t('common.nextPage')}
          </Button>
        </div>
      )}
    </>
  );
}
