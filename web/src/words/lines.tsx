import { Button, Table, type TableProps } from 'antd';
import { memo, type ReactNode } from 'react';
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
export const Lines = memo(function Lines<T extends object>({ lines, empty, hint, onReset, atOnce, ...rest }: Props<T>) {
  const { t } = useWords();
  if (!useDirectory().known) return <Loading rows={12} />;
  return (
    <Table<T>
      size="small"
      dataSource={lines}
      pagination={atOnce !== undefined && lines.length > atOnce && { pageSize: atOnce, showSizeChanger: false }}
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
}) as <T extends object>(props: Props<T>) => ReactNode;
