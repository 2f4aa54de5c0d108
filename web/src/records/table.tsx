import { Spin } from 'antd';
import { useMemo, type Key } from 'react';
import { useDirectory } from '../api/directory.ts';
import { nameOf, type Line } from '../api/records.ts';
import { useWords } from '../language/wording.ts';
import { Lines } from '../words/lines.tsx';
import { List } from '../words/list.tsx';
import { columnsOf, type Column } from './columns.tsx';

interface Props {
  lines: Line[];
  columns: Column[];
  /** Whether other lines are on their way. */
  waiting: boolean;
  selected: ReadonlySet<string>;
  /** Left out where nobody can do anything to several records. */
  onSelect?: (ids: ReadonlySet<string>) => void;
  /** Left out where nothing is filtered. */
  onReset?: () => void;
}

/** A page of records. */
export function RecordsTable({ lines, columns, waiting, selected, onSelect, onReset }: Props) {
  const { t } = useWords();
  const directory = useDirectory();
  const shown = useMemo(
    () => columnsOf(columns, directory, (column) => t(`records.column.${column}`)),
    [columns, directory, t],
  );
  const selection = useMemo(
    () =>
      onSelect && {
        selectedRowKeys: [...selected],
        onChange: (ids: Key[]) => onSelect(new Set(ids.map(String))),
        getTitleCheckboxProps: () => ({ 'aria-label': t('records.selectPage') }) as object,
        getCheckboxProps: (line: Line) => ({ 'aria-label': nameOf(line) }) as object,
      },
    [selected, onSelect, t],
  );
  return (
    <List label={t('records.title')}>
      <Spin spinning={waiting}>
        <Lines
          rowKey="id"
          lines={lines}
          columns={shown}
          rowSelection={selection}
          empty={t('records.empty')}
          hint={onReset && t('records.emptyHint')}
          onReset={onReset}
        />
      </Spin>
    </List>
  );
}
