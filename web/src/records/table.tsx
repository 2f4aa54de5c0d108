import { Button, Table } from 'antd';
import { useDirectory } from '../api/directory.ts';
import { nameOf, type Line } from '../api/records.ts';
import { useWords } from '../language/wording.ts';
import { Nothing } from '../shell/states.tsx';
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
  return (
    <List label={t('records.title')}>
      <Table<Line>
        size="small"
        rowKey="id"
        dataSource={lines}
        columns={columnsOf(columns, directory, (column) => t(`records.column.${column}`))}
        pagination={false}
        loading={waiting}
        rowSelection={
          onSelect && {
            selectedRowKeys: [...selected],
            onChange: (ids) => onSelect(new Set(ids.map(String))),
            getCheckboxProps: (line) => ({ 'aria-label': nameOf(line) }) as object,
          }
        }
        locale={{
          emptyText: (
            <Nothing title={t('records.empty')} hint={onReset && t('records.emptyHint')}>
              {onReset && <Button onClick={onReset}>{t('records.reset')}</Button>}
            </Nothing>
          ),
        }}
      />
    </List>
  );
}
