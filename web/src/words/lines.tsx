import { Button, Table, type TablePaginationConfig, type TableProps } from 'antd';
import { cloneElement, isValidElement, memo, startTransition, useEffect, useState, type ReactNode } from 'react';
import { useDirectory } from '../api/directory.ts';
import { useWords } from '../language/wording.ts';
import { Loading, Nothing } from '../shell/states.tsx';

interface Props<T> extends Pick<
  TableProps<T>,
  'rowKey' | 'columns' | 'rowSelection' | 'summary' | 'onChange'
> {
  lines: readonly T[];
  /** What is said where there are none, and why that may be. */
  empty?: string;
  hint?: string;
  /** Shows all; left out where nothing is filtered. */
  onReset?: () => void;
  /** Longer lists are shown in pages of so many. */
  atOnce?: number;
}

/**
 * The lines of a list. To draw hundreds of cells takes far longer than all else on a page, so they are drawn again only
 * when something about them is new: whoever gives columns or a selection to a list that grows or turns pages keeps them
 * (`useMemo`) as long as they say the same. For the names in them they wait.
 */
export const Lines = memo(function Lines<T extends object>(props: Props<T>) {
  return useDirectory().known ? <Drawn {...props} /> : <Loading rows={12} />;
}) as <T extends object>(props: Props<T>) => ReactNode;

/** So many lines fill a window. Those below are drawn when these are seen, a few at a time. */
const FILLING = 20;

function Drawn<T extends object>({ lines, empty, hint, onReset, atOnce, ...rest }: Props<T>) {
  const { t } = useWords();
  const [whole, setWhole] = useState(lines.length <= FILLING);
  useEffect(() => startTransition(() => setWhole(true)), []);
  // antd's arrows are pictures alone.
  const named: TablePaginationConfig['itemRender'] = (_, type, item) => {
    if ((type !== 'prev' && type !== 'next') || !isValidElement<{ 'aria-label'?: string }>(item)) return item;
    return cloneElement(item, { 'aria-label': t(type === 'prev' ? 'common.previousPage' : 'common.nextPage') });
  };
  return (
    <Table<T>
      size="small"
      className={whole ? undefined : 'growing'}
      dataSource={whole ? lines : lines.slice(0, FILLING)}
      pagination={
        atOnce !== undefined &&
        lines.length > atOnce && { pageSize: atOnce, total: lines.length, showSizeChanger: false, itemRender: named }
      }
      locale={
        empty === undefined
          ? undefined
          : {
              emptyText: (
                <Nothing title={empty} hint={hint}>
                  {onReset && <Button onClick={onReset}>{t('records.reset')}</Button>}
                </Nothing>
              ),
            }
      }
      {...rest}
    />
  );
}
